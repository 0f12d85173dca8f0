import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { basicAuthorization, sandboxElasticsearch } from '@kops/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { kopsJson, runKops } from './run-kops.ts';
import { batchOf, markerOf, recordAt, storeArchive, transactionOf } from './stored-archive.ts';

const elasticsearch = sandboxElasticsearch({ beforeAll, afterAll, beforeEach });
let folder: string;
let repository: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-export-'));
  repository = join(folder, 'repository');
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const recordsFrom = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => recordAt(from + index));

async function exported(...args: string[]): Promise<{ readonly _id: string }[]> {
  const run = await runKops(['export', '--topic', '*', '--repository', repository, ...args]);
  expect(run.code, run.stderr).toBe(0);
  return run.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { _id: string });
}

describe('what kops export writes', () => {
  it('is what the indexer writes', async () => {
    await storeArchive(repository, {
      orders: [
        [[batchOf(recordsFrom(0, 30))], [batchOf(recordsFrom(30, 30))]],
        [
          [
            transactionOf([recordAt(0)]),
            markerOf(1, 'commit'),
            transactionOf([recordAt(2)]),
            markerOf(3, 'abort'),
            batchOf([
              recordAt(4, { key: null, value: null }),
              recordAt(5, { value: new Uint8Array([255, 0, 1]), timestamp: -1n }),
              recordAt(6, {
                headers: [
                  { key: 'a', value: Buffer.from('1') },
                  { key: 'a', value: null },
                ],
              }),
            ]),
          ],
        ],
      ],
      'Pay ments': [[[batchOf(recordsFrom(0, 5))]]],
    });
    const { url, credentials, indexPrefix } = elasticsearch();
    const prefix = indexPrefix.replaceAll('-', '_').replace(/_$/, '');
    const path = join(folder, 'kops.yaml');
    const catalog = {
      elasticsearch: { node: url, ...credentials },
      prefix,
      stateDirectory: join(folder, 'state'),
      records: [{ topics: '*', level: 'full', masks: [{ field: 'value.card', action: 'redact' }] }],
    };
    await writeFile(path, JSON.stringify({ catalog }));
    const config = ['--config', path];
    await kopsJson(['catalog', 'rebuild', '--repository', repository, ...config]);
    const headers: Record<string, string> =
      credentials === undefined ? {} : { authorization: basicAuthorization(credentials) };
    const answer = await fetch(`${url}/${prefix}-records-*/_search?size=1000`, { headers });
    const found = (await answer.json()) as {
      hits: { hits: { _id: string; _index: string; _source: object }[] };
    };
    const indexed = found.hits.hits.map(({ _id, _index, _source }) => ({
      // The alias, without the number of the index.
      ...{ _id, _index: _index.replace(/-\d{6}$/, '') },
      ..._source,
    }));
    const byId = (a: { _id: string }, b: { _id: string }): number => (a._id < b._id ? -1 : 1);
    const lines = await exported(...config);
    expect(lines).toHaveLength(69);
    expect(lines.toSorted(byId)).toEqual(indexed.toSorted(byId));
    const other = await exported('--level', 'keys', ...config);
    expect(other.toSorted(byId)).not.toEqual(indexed.toSorted(byId));
  });
});
