import { basicAuthorization } from '@kops/elasticsearch-dist';
import { sandboxElasticsearch } from '@kops/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectElasticsearch } from '../src/elasticsearch/index.ts';
import type { IndexKind } from '../src/index.ts';
import { savedObjects, toNdjson, type SavedObject } from '../src/kibana/index.ts';
import { expectedRows, findDocuments, valuesOf } from './kibana-expected-rows.ts';
import { problemsOfFields, type FieldCaps } from './kibana-field-check.ts';
import {
  otherValuesQuery,
  queryOf,
  rowsOf,
  type Cell,
  type PanelQuery,
} from './kibana-panel-query.ts';
import { sampleOf, writeSample } from './kibana-sample.ts';

const elasticsearch = sandboxElasticsearch({ beforeAll, afterAll, beforeEach }, { security: true });
const prefix = 'kibana.test';

// As Kibana reads it: from the lines.
const objects = toNdjson(savedObjects(prefix))
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as SavedObject);
const idsOf = (type: SavedObject['type']) =>
  objects.filter((object) => object.type === type).map(({ id }) => id);
const objectOf = (id: string) => objects.find((object) => object.id === `${prefix}-${id}`)!;
const ofId = (id: string) => objects.find((object) => object.id === id)!;

beforeAll(async () => {
  const { url, credentials } = elasticsearch();
  await using catalog = await connectElasticsearch({ node: url, ...credentials, prefix });
  await writeSample(catalog);
});

async function ask(method: string, path: string, body?: unknown) {
  const { url, credentials } = elasticsearch();
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: basicAuthorization(credentials!),
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}

/** Everything that is wrong with an object: fields against the real mapping, and its search against the server. */
async function check(object: SavedObject): Promise<string[]> {
  const query = queryOf(object, objects)!;
  const caps = await ask('GET', `/${query.index}/_field_caps?fields=*`);
  const { status, json } = await ask('POST', `/${query.index}/_search`, query.body);
  const refused = status === 200 ? [] : [`refused: ${JSON.stringify(json['error'])}`];
  return [...problemsOfFields(query, caps.json as unknown as FieldCaps), ...refused];
}

const kindOf = ({ index }: PanelQuery) =>
  index.slice(prefix.length + 1).replace('-*', '') as IndexKind;

/** Rows as the server has them. */
async function askForRows(query: PanelQuery): Promise<Cell[][]> {
  const { json } = await ask('POST', `/${query.index}/_search`, query.body);
  return rowsOf(query.columns, json);
}

const round = (rows: Cell[][]) =>
  rows.map((row) => row.map((cell) => (typeof cell === 'number' ? Math.round(cell) : cell)));

describe('fields', () => {
  it.each([...idsOf('index-pattern'), ...idsOf('search'), ...idsOf('lens')])(
    'of %s are in the real mapping, with types that fit',
    async (id) => {
      const object = ofId(id);
      expect(await check(object)).toEqual([]);
    },
  );

  /** The object with another text in place of one. */
  const altered = (id: string, from: string, to: string): SavedObject => {
    const text = JSON.stringify(objectOf(id));
    expect(text).toContain(from);
    return JSON.parse(text.replaceAll(from, to)) as SavedObject;
  };

  it.each([
    ['a panel', 'panel-drills-rpo', 'kops.drill.rpo_ms', 'kops.drill.rpo'],
    ['a column of a search', 'search-events', 'user.name', 'user.nick'],
    ['a query', 'panel-events-failed', 'event.outcome:', 'event.result:'],
    ['a number format', 'drills', 'kops.drill.rto_ms', 'kops.drill.rto'],
    ['a time', 'archives', '@timestamp', '@time'],
  ])('that are unknown are found in %s', async (_, id, from, to) => {
    const problems = await check(altered(id, from, to));
    expect(problems).toContain(`${to.replace(':', '')}: unknown`);
  });

  it('of texts are found where they are aggregated', async () => {
    const problems = await check(altered('panel-events-reasons', 'event.reason', 'error.message'));
    expect(problems[0]).toBe('error.message: text cannot be aggregated');
    expect(problems[1]).toMatch(/refused: .*error\.message/);
  });

  it.each([
    ['a sum of keywords', 'panel-segments-stored', 'kops.stored_bytes', 'kops.sha256', 'sum'],
    ['a date of numbers', 'panel-archives-over-time', '@timestamp', 'kops.bytes', 'date'],
  ])('of the wrong type are found: %s', async (_, id, from, to, as) => {
    const problems = await check(altered(id, from, to));
    expect(problems[0]).toMatch(new RegExp(`${to}: \\w+ does not fit ${as}`));
  });
});

describe('panels', () => {
  it.each(idsOf('lens'))('%s shows what the documents say', async (id) => {
    const query = queryOf(ofId(id), objects)!;
    const documents = findDocuments(sampleOf(kindOf(query)), query.query);
    const expected = expectedRows(query.columns, documents);
    expect(expected.flat().filter((cell) => cell !== null && cell !== 0)).not.toEqual([]);
    expect(round(await askForRows(query))).toEqual(round(expected));
  });

  it.each<[string, Cell[][]]>([
    ['panel-archives', [[40]]],
    ['panel-archives-lossy', [[2]]],
    ['panel-segments-records', [[88_200]]],
    ['panel-drills-failed', [[2]]],
    ['panel-drills-rto', [[1_100_000]]],
    ['panel-drills-rpo', [[7_200_000]]],
    ['panel-events-users', [[3]]],
    [
      'panel-events-reasons',
      [
        ['KOPS_INCOMPLETE', 2],
        ['KOPS_COMPARISON_FAILED', 1],
        ['KOPS_KAFKA_UNREACHABLE', 1],
        ['KOPS_OBJECTIVE_MISSED', 1],
      ],
    ],
    [
      'panel-events-actions',
      [
        ['backup', 30],
        ['drill', 10],
        ['search', 6],
        ['restore', 1],
      ],
    ],
    [
      'panel-archives-clusters',
      [
        ['c1', 30, Date.UTC(2026, 2, 30, 2, 1, 58), 7, 7, 29],
        ['c2', 10, Date.UTC(2026, 2, 28, 2, 1, 54), 7, 7, 0],
      ],
    ],
  ])('%s shows these numbers', async (id, rows) => {
    expect(await askForRows(queryOf(objectOf(id), objects)!)).toEqual(rows);
  });

  it.each(['panel-segments-over-time', 'panel-records-over-time'])(
    '%s shows the rest of the values in one bucket',
    async (id) => {
      const query = queryOf(objectOf(id), objects)!;
      const rows = await askForRows(query);
      const others = otherValuesQuery(query, rows)!;
      const shown = new Set(rows.map(([topic]) => topic));
      const rest = findDocuments(sampleOf(kindOf(query)), '').filter(
        (document) => !shown.has(valuesOf(document, 'kafka.topic')[0]),
      );
      expect(shown.size).toBe(5);
      expect(new Set(rest.flatMap((one) => valuesOf(one, 'kafka.topic'))).size).toBe(2);
      expect(await askForRows(others)).toEqual(expectedRows(others.columns, rest));
    },
  );

  it('of other queries show something else: the comparison can fail', async () => {
    const query = queryOf(objectOf('panel-events-failed'), objects)!;
    const all = findDocuments(sampleOf('events'), '');
    expect(await askForRows(query)).not.toEqual(expectedRows(query.columns, all));
  });
});

describe('saved searches', () => {
  it.each(idsOf('search'))('%s finds the documents, the newest first', async (id) => {
    const query = queryOf(ofId(id), objects)!;
    const { json } = await ask('POST', `/${query.index}/_search`, query.body);
    const { hits, total } = json['hits'] as {
      total: { value: number };
      hits: { _source: Record<string, unknown>; fields?: Record<string, unknown[]> }[];
    };
    const expected = findDocuments(sampleOf(kindOf(query)), query.query);
    expect(total.value).toBe(expected.length);
    const times = hits.map(({ _source }) => Date.parse(String(_source['@timestamp'])));
    expect(times).toEqual([...times].sort((a, b) => b - a));
    // Every column has a value in some document of the sample, and it is that of the document.
    const wanted = query.uses.filter(({ as }) => as === 'column').map(({ field }) => field);
    const empty = wanted.filter((field) =>
      expected.every((one) => valuesOf(one, field).length === 0),
    );
    expect(empty).toEqual([]);
    for (const { fields = {}, _source } of hits.slice(0, 20))
      for (const field of wanted)
        expect((fields[field] ?? []).map(String)).toEqual(valuesOf(_source, field).map(String));
  });
});
