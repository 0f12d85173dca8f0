import { readFile } from 'node:fs/promises';
import { basicAuthorization } from '@kops/elasticsearch-dist';
import { sandboxElasticsearch } from '@kops/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectElasticsearch } from '../src/elasticsearch/index.ts';
import { lineageId, type Catalog } from '../src/index.ts';
import { writeSample } from './kibana-sample.ts';
import { indexRecords, orders, source } from './records.ts';

/* What docs/CATALOG.md says of queries and of rights, on a real Elasticsearch with security. */

const elasticsearch = sandboxElasticsearch({ beforeAll, afterAll, beforeEach }, { security: true });
const docs = await readFile(new URL('../../../docs/CATALOG.md', import.meta.url), 'utf8');
const prefix = 'kops';

beforeAll(async () => {
  await using owner = await connectElasticsearch({
    node: elasticsearch().url,
    ...elasticsearch().credentials,
    prefix,
  });
  await writeSample(owner);
});

describe('queries', () => {
  const rows = [...docs.matchAll(/^\| `([^`]+)` +\| ([0-9?]+) +\|/gm)].map(
    ([, query = '', finds]) => [query, Number(finds)] as const,
  );

  it('are there', () => {
    expect(rows.length).toBeGreaterThan(7);
  });

  it.each(rows)('%s finds as many as the page says: %d', async (query, finds) => {
    await using catalog = await connectElasticsearch({
      node: elasticsearch().url,
      ...elasticsearch().credentials,
      prefix,
    });
    const { total, isTotalExact } = await catalog.search({ query });
    expect([total, isTotalExact]).toEqual([finds, true]);
    expect(await catalog.count({ query })).toBe(finds);
  });
});

interface Role {
  readonly cluster: readonly string[];
  readonly indices: readonly {
    readonly names: readonly string[];
    readonly privileges: readonly string[];
  }[];
}
interface KeyRequest {
  readonly name: string;
  readonly role_descriptors: Readonly<Record<string, Role>>;
}

/** The body of the page's request for a key. */
function requestOf(name: 'indexer' | 'searcher'): KeyRequest {
  const text = new RegExp(`\`\`\`json ${name}\n(.*?)\n\`\`\``, 's').exec(docs)?.[1] ?? '';
  return JSON.parse(text) as KeyRequest;
}

async function keyFor(request: KeyRequest): Promise<string> {
  const { url, credentials } = elasticsearch();
  const answer = await fetch(`${url}/_security/api_key`, {
    method: 'POST',
    headers: {
      authorization: basicAuthorization(credentials!),
      'content-type': 'application/json',
    },
    body: JSON.stringify(request),
  });
  return ((await answer.json()) as { encoded: string }).encoded;
}

/** The request with one privilege less, for each that it has. */
function lesser(request: KeyRequest): [string, KeyRequest][] {
  const [name, role] = Object.entries(request.role_descriptors)[0]!;
  const withRole = (of: Partial<Role>) => ({
    ...request,
    role_descriptors: { [name]: { ...role, ...of } },
  });
  const [indices] = role.indices;
  return [
    ...role.cluster.map((privilege): [string, KeyRequest] => [
      `${privilege} of the cluster`,
      withRole({ cluster: role.cluster.filter((other) => other !== privilege) }),
    ]),
    ...indices!.privileges.map((privilege): [string, KeyRequest] => [
      `${privilege} of the indices`,
      withRole({
        indices: [
          { ...indices!, privileges: indices!.privileges.filter((other) => other !== privilege) },
        ],
      }),
    ]),
  ];
}

const range = {
  lineage: lineageId(source.cluster, source.topicId),
  partition: 0,
  from: 0n,
  to: 3n,
};

/** Everything that whoever feeds the catalog does. */
async function feed(catalog: Catalog): Promise<void> {
  await catalog.setup();
  await catalog.put([{ kind: 'drills', id: 'd', fields: {} }]);
  await indexRecords(catalog, orders(0, 3), { of: { topic: 'rights' } });
  expect(await catalog.count({ topics: ['rights'] })).toBe(3);
  for await (const _ of catalog.recordCounts()) break;
  await catalog.settleRecords(await catalog.recordTarget('rights'), range);
  const named = { retired: [source.archive], archive: 'another' };
  expect(await catalog.attributeRecords([range], named)).toBe(3);
  expect(await catalog.attributeSegments([source.segment], named)).toBe(0);
  await catalog.deleteRecords([range]);
  await catalog.deleteSegments('file:///none', ['none']);
  expect((await catalog.status()).indices.length).toBeGreaterThan(4);
}

/** Everything that whoever searches does. */
async function look(catalog: Catalog): Promise<void> {
  const first = await catalog.search({ query: 'kafka.topic:orders', size: 5 });
  expect(first.hits).toHaveLength(5);
  await catalog.search({ query: 'kafka.topic:orders', size: 5, after: first.next! });
  expect(await catalog.count({ topics: ['orders'] })).toBe(90);
  expect((await catalog.status()).indices.length).toBeGreaterThan(4);
}

async function withKey(request: KeyRequest, work: (catalog: Catalog) => Promise<void>) {
  const apiKey = await keyFor(request);
  await using catalog = await connectElasticsearch({ node: elasticsearch().url, apiKey, prefix });
  await work(catalog);
}

describe.each([
  ['indexer', feed],
  ['searcher', look],
] as const)('the key of the %s', (name, work) => {
  const request = requestOf(name);

  it('is enough', async () => {
    await withKey(request, work);
  });

  it.each(lesser(request))('is not without %s', async (_, less) => {
    await expect(withKey(less, work)).rejects.toMatchObject({ code: 'KOPS_ACCESS_DENIED' });
  });
});

describe('the key of the searcher', () => {
  it('does not write', async () => {
    await expect(withKey(requestOf('searcher'), feed)).rejects.toMatchObject({
      code: 'KOPS_ACCESS_DENIED',
    });
  });
});
