/** Indexes the only archive of a repository, as `kops catalog rebuild` does: segments are read, decoded, documented and written. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseRecordRules } from '@kops/catalog';
import { connectElasticsearch } from '@kops/catalog/elasticsearch';
import { openIndexer } from '@kops/indexer';
import type { CatalogStage } from './catalog-stage.ts';

const { folder, repository, node, prefix, level, topic } = JSON.parse(
  process.argv[2] ?? '',
) as CatalogStage;
const stateDirectory = await mkdtemp(join(folder, 'index-state-'));
try {
  // As for the helper, the index is there before the time begins.
  await using catalog = await connectElasticsearch({ node, prefix });
  await catalog.setup();
  await catalog.recordTarget(topic);
  await using indexer = await openIndexer({
    repositoryUrl: repository,
    stateDirectory,
    elasticsearch: { node, prefix },
    records: parseRecordRules([{ topics: '*', level }], { hasHashKey: false }),
  });
  const started = performance.now();
  const { created } = await indexer.catchUp();
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(JSON.stringify({ seconds, amount: created }));
} finally {
  await rm(stateDirectory, { recursive: true, force: true });
}
