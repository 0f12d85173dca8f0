import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRecordRules } from '@kops/catalog';
import { connectElasticsearch } from '@kops/catalog/elasticsearch';
import type { Repository } from '@kops/repository';
import { sandboxElasticsearch } from '@kops/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openIndexer, type Indexer, type IndexerOptions } from '../src/index.ts';
import { documentsOf, indexedRecords, type CatalogAccess } from './catalog-content.ts';
import { commit, newRepository, ordersOf, shownRecords } from './fixture.ts';

const elasticsearch = sandboxElasticsearch({ beforeAll, afterAll, beforeEach });

let directory: string;
let repository: Repository;
let prefixes = 0;
let access: CatalogAccess;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kops-indexer-'));
  repository = await newRepository(join(directory, 'repository'));
  const { url, credentials, indexPrefix } = elasticsearch();
  access = { url, credentials, prefix: `${indexPrefix.replaceAll('-', '_')}${String(++prefixes)}` };
});
afterEach(async () => {
  const { url, credentials, prefix } = access;
  await using catalog = await connectElasticsearch({ node: url, ...credentials, prefix });
  await catalog.drop();
  await rm(directory, { recursive: true, force: true });
});

function open(options: Partial<IndexerOptions> = {}): Promise<Indexer> {
  const { url, credentials, prefix } = access;
  return openIndexer({
    repositoryUrl: join(directory, 'repository'),
    stateDirectory: join(directory, 'state'),
    elasticsearch: { node: url, ...credentials, prefix },
    records: parseRecordRules([{ topics: '*', level: 'full' }], { hasHashKey: false }),
    ...options,
  });
}

describe('an archive', () => {
  it('is indexed whole, and by a second look not again', async () => {
    const { id } = await commit(repository, [
      { partition: 0, segments: [ordersOf(0, 100), ordersOf(100, 250)] },
      { partition: 1, segments: [ordersOf(5, 60)] },
      { topic: 'audit', segments: [ordersOf(0, 10)] },
    ]);
    await using indexer = await open();
    expect(await indexer.catchUp()).toMatchObject({
      archives: [id],
      incomplete: [],
      segments: 4,
      records: 315,
      created: 315,
      updated: 0,
      rejected: 0,
    });
    expect(await indexedRecords(access)).toEqual(await shownRecords(repository, id));
    expect(await documentsOf(access, 'segments')).toHaveLength(4);
    expect(await documentsOf(access, 'archives')).toHaveLength(1);
    expect(await indexer.catchUp()).toMatchObject({ archives: [], records: 0 });
  });
});
