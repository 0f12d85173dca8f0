/**
 * Writes the documents of an archive's records by the bulk helper of Elasticsearch's own client, with its default settings: all documents are
 * objects in memory before the time begins.
 */
import { Client } from '@elastic/elasticsearch';
import {
  compilePolicy,
  createHasher,
  documentRecords,
  parseRecordRules,
  type RecordDocument,
} from '@kops/catalog';
import { connectElasticsearch } from '@kops/catalog/elasticsearch';
import { parseRepositoryUrl } from '@kops/object-store';
import { openFileStore } from '@kops/object-store/file';
import { openArchive, openRepository, type Archive } from '@kops/repository';
import type { CatalogStage } from './catalog-stage.ts';

const {
  repository,
  node,
  prefix,
  level,
  topic: name,
} = JSON.parse(process.argv[2] ?? '') as CatalogStage;

async function openOnly(): Promise<Archive> {
  const opened = await openRepository(
    await openFileStore(parseRepositoryUrl(repository).directory),
  );
  return openArchive(opened, await opened.resolveArchive('latest'));
}

async function documentsOf(archive: Archive): Promise<RecordDocument[]> {
  const rules = parseRecordRules([{ topics: '*', level }], { hasHashKey: false });
  const policyOf = compilePolicy(rules);
  const documents: RecordDocument[] = [];
  const { cluster, archive: id, topics } = archive.manifest;
  for (const { name: topic, topicId, partitions } of topics) {
    for (const { partition } of partitions) {
      const source = { cluster: cluster.id, topicId, topic, partition, archive: id, segment: 'a' };
      const documentOf = documentRecords(source, policyOf(topic), createHasher());
      for await (const run of archive.readRecordRuns({ topic, partition })) {
        for (const record of run) {
          const document = documentOf(record);
          if (document !== undefined) documents.push(document);
        }
      }
    }
  }
  return documents;
}

const archive = await openOnly();
await using catalog = await connectElasticsearch({ node, prefix });
await catalog.setup();
const { index } = await catalog.recordTarget(name);
const documents = await documentsOf(archive);
const client = new Client({ node });
const started = performance.now();
const { successful } = await client.helpers.bulk<RecordDocument>({
  datasource: documents,
  onDocument: ({ id, fields }) => [{ index: { _index: index, _id: id } }, fields],
});
const seconds = (performance.now() - started) / 1000;
await client.close();
process.stdout.write(JSON.stringify({ seconds, amount: successful }));
