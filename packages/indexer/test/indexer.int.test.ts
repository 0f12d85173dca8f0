import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { kindAlias, recordsAlias } from '@kops/catalog';
import { sandboxElasticsearch } from '@kops/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask, documentsOf, indexedRecords } from './catalog-content.ts';
import {
  commit,
  encode,
  firstTime,
  markerOf,
  orderOf,
  ordersOf,
  shownRecords,
  transactionOf,
} from './fixture.ts';
import { Place } from './place.ts';

const elasticsearch = sandboxElasticsearch({ beforeAll, afterAll, beforeEach });

const place = () => Place.make(elasticsearch());

/** Documents without what Elasticsearch itself says of them. */
async function contentOf(at: Place, kind: 'archives' | 'segments' | 'records') {
  return (await documentsOf(at.access, kind)).map(({ id, source }) => ({ id, source }));
}

describe('an archive', () => {
  it('is indexed whole, and by a second look not again', async () => {
    await using at = await place();
    const { id } = await commit(at.repository, [
      { partition: 0, segments: [ordersOf(0, 100), ordersOf(100, 250)] },
      { partition: 1, segments: [ordersOf(5, 60, { codec: 'gzip' })] },
      { topic: 'audit', segments: [ordersOf(0, 10)] },
    ]);
    await using indexer = await at.open();
    expect(await indexer.catchUp()).toMatchObject({
      archives: [id],
      incomplete: [],
      segments: 4,
      records: 315,
      created: 315,
      updated: 0,
      rejected: 0,
    });
    expect(await indexedRecords(at.access)).toEqual(await shownRecords(at.repository, id));
    expect(await documentsOf(at.access, 'segments')).toHaveLength(4);
    expect(await documentsOf(at.access, 'archives')).toMatchObject([
      { source: { kops: { archive: id, record_count: 315, repository: at.repository.store.url } } },
    ]);
    expect(await indexer.catchUp()).toMatchObject({ archives: [], records: 0 });
  });

  it('is found record by record: by key, by an id in the value, by time', async () => {
    await using at = await place();
    await commit(at.repository, [{ segments: [ordersOf(0, 60), ordersOf(60, 120)] }]);
    await using indexer = await at.open();
    await indexer.catchUp();
    await using catalog = await at.connect();
    await catalog.refresh();
    for (let n = 0; n < 120; n++) {
      const only = [BigInt(n)];
      const offsets = async (search: Parameters<typeof catalog.search>[0]) =>
        (await catalog.search(search)).hits.map(({ offset }) => offset);
      expect(await offsets({ query: `kafka.key:"key-${String(n)}"` })).toEqual(only);
      expect(await offsets({ query: `id${String(n)}` })).toEqual(only);
      expect(await offsets({ query: `kafka.value.order:id${String(n)}` })).toEqual(only);
      const fromTime = firstTime + n * 1000;
      expect(await offsets({ fromTime, toTime: fromTime + 1 })).toEqual(only);
    }
    expect(await catalog.count({ query: 'id120' })).toBe(0);
  });

  it('is indexed by the rules of its topics', async () => {
    await using at = await place();
    await commit(at.repository, [
      { topic: 'secret', segments: [ordersOf(0, 10)] },
      { topic: 'lean', segments: [ordersOf(0, 10)] },
      { topic: 'open', segments: [ordersOf(0, 10)] },
    ]);
    await using indexer = await at.open({
      records: at.rules([
        { topics: 'lean', level: 'metadata' },
        { topics: 'open', level: 'full' },
      ]),
    });
    expect(await indexer.catchUp()).toMatchObject({ records: 20, segments: 2 });
    const records = await contentOf(at, 'records');
    expect(records).toHaveLength(20);
    expect(records.filter(({ source }) => 'message' in source)).toHaveLength(10);
    expect(await documentsOf(at.access, 'segments')).toHaveLength(3);
    expect(JSON.stringify(records)).not.toContain('secret');
  });

  it('shows no record of aborted or unfinished transactions, and no marker', async () => {
    await using at = await place();
    const first = await commit(at.repository, [
      {
        segments: [
          [transactionOf(0, 10, 7n), transactionOf(10, 20, 8n), markerOf(20, 7n, 'abort')],
          [transactionOf(21, 30, 7n), markerOf(30, 8n, 'commit'), ...ordersOf(31, 40)],
        ],
        openTransactions: [{ producerId: 7n, producerEpoch: 0, firstOffset: 21n }],
      },
    ]);
    await using indexer = await at.open({ limits: { pieceBytes: 1 } });
    expect(await indexer.catchUp()).toMatchObject({ records: 19 });
    const shown = await shownRecords(at.repository, first.id);
    expect(shown).toHaveLength(19);
    expect(await indexedRecords(at.access)).toEqual(shown);
    // The next archive has the marker that was missing: what was held back is shown now.
    const second = await commit(at.repository, [
      { segments: [...first.segments[0]!, [markerOf(40, 7n, 'commit'), ...ordersOf(41, 50)]] },
    ]);
    await indexer.catchUp();
    const more = await shownRecords(at.repository, second.id);
    expect(more).toHaveLength(19 + 9 + 9);
    expect(await indexedRecords(at.access)).toEqual(more);
  });

  it('is indexed up to the edges of its slices, and a later one goes on from there', async () => {
    await using at = await place();
    const whole = await commit(at.repository, [
      { segments: [ordersOf(0, 100, { perBatch: 30 }), ordersOf(100, 200, { perBatch: 30 })] },
    ]);
    const [segments = []] = whole.segments;
    await at.repository.retireArchives([whole.id]);
    const middle = await commit(at.repository, [{ segments, logStart: 47, cut: 133 }]);
    await using indexer = await at.open();
    expect(await indexer.catchUp()).toMatchObject({ records: 86, created: 86 });
    expect(await indexedRecords(at.access)).toEqual(await shownRecords(at.repository, middle.id));
    const wide = await commit(at.repository, [{ segments, logStart: 10, cut: 180 }]);
    expect(await indexer.catchUp()).toMatchObject({
      archives: [wide.id],
      records: 84,
      created: 84,
    });
    expect(await indexedRecords(at.access)).toEqual(await shownRecords(at.repository, wide.id));
    // Each names the first archive that shows it.
    const archives = (await contentOf(at, 'records')).map(
      ({ source }) => (source['kops'] as { archive: string }).archive,
    );
    expect(archives.filter((archive) => archive === middle.id)).toHaveLength(86);
  });

  it('says what only the schemas of a registry explain', async () => {
    await using at = await place();
    const schema = JSON.stringify({
      ...{ type: 'record', name: 'Order' },
      fields: [{ name: 'order', type: 'string' }],
    });
    let asked = 0;
    const registry = createServer((request, response) => {
      asked++;
      const isKnown = request.url?.includes('/schemas/ids/7') === true;
      response.writeHead(isKnown ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(isKnown ? { schema } : { error_code: 40403, message: 'none' }));
    }).listen(0, '127.0.0.1');
    await once(registry, 'listening');
    try {
      // Zero, the schema's id in four bytes, then Avro: the length of a string, doubled, and the string.
      const serialized = (id: number, text: string) =>
        Buffer.concat([Buffer.from([0, 0, 0, 0, id, text.length * 2]), Buffer.from(text)]);
      const records = [
        orderOf(0, { value: serialized(7, 'id4711') }),
        orderOf(1, { value: serialized(8, 'unknown') }),
        orderOf(2),
      ];
      await commit(at.repository, [{ segments: [[encode(records)]] }]);
      const { port } = registry.address() as AddressInfo;
      await using indexer = await at.open({
        schemaRegistry: { url: `http://127.0.0.1:${String(port)}` },
      });
      expect(await indexer.catchUp()).toMatchObject({ created: 3 });
      expect((await contentOf(at, 'records')).map(({ source }) => source['kafka'])).toMatchObject([
        { value: { order: 'id4711' }, value_format: 'avro', value_schema_id: 7 },
        { value_format: 'binary' },
        { value: { order: 'id2' }, value_format: 'json' },
      ]);
      expect(asked).toBeGreaterThan(0);
    } finally {
      registry.close();
    }
  });

  it('that was not asked for waits', async () => {
    await using at = await place();
    const first = await commit(at.repository, [{ segments: [ordersOf(0, 10)] }]);
    const second = await commit(at.repository, [{ partition: 1, segments: [ordersOf(0, 30)] }]);
    const clock = { now: () => Date.parse('2026-02-01T00:00:59.000Z') };
    await using indexer = await at.open({ clock });
    expect(await indexer.status()).toMatchObject({
      archives: { committed: 2, indexed: 0, waiting: 2 },
      waiting: { segments: 2, records: 40 },
      lagMs: 60_000,
      oldestWaiting: first.id,
    });
    expect(await indexer.catchUp({ archives: [second.id] })).toMatchObject({ records: 30 });
    expect(await indexer.status()).toMatchObject({
      activity: { state: 'idle' },
      archives: { committed: 2, indexed: 1, waiting: 1 },
      waiting: { segments: 1, records: 10 },
    });
    await expect(indexer.catchUp({ archives: ['none'] })).rejects.toMatchObject({
      code: 'KOPS_ARCHIVE_NOT_FOUND',
    });
    await indexer.catchUp();
    expect(await indexer.status()).toMatchObject({
      archives: { indexed: 2, waiting: 0 },
      waiting: { segments: 0, records: 0, bytes: 0 },
      lagMs: undefined,
    });
  });

  it('that is committed while the indexer stands is indexed when it is told', async () => {
    await using at = await place();
    await using indexer = await at.open({ pollMs: 60_000 });
    const stop = new AbortController();
    const running = indexer.run({ signal: stop.signal });
    await expect(indexer.catchUp()).rejects.toMatchObject({ code: 'KOPS_USAGE' });
    const { id } = await commit(at.repository, [{ segments: [ordersOf(0, 10)] }]);
    indexer.notify();
    await expect
      .poll(async () => (await indexer.status()).archives.indexed, { timeout: 20_000 })
      .toBe(1);
    stop.abort();
    await running;
    expect(await indexedRecords(at.access)).toEqual(await shownRecords(at.repository, id));
  });
});

describe('what was lost', () => {
  async function indexed(at: Place) {
    const first = await commit(at.repository, [
      { segments: [ordersOf(0, 100)] },
      { topic: 'audit', segments: [ordersOf(0, 20)] },
    ]);
    const second = await commit(at.repository, [
      { segments: [...first.segments[0]!, ordersOf(100, 150)] },
    ]);
    await using indexer = await at.open();
    await indexer.catchUp();
    const content = async () => ({
      archives: await contentOf(at, 'archives'),
      segments: await contentOf(at, 'segments'),
      records: await contentOf(at, 'records'),
    });
    return { first, second, before: await content(), content };
  }

  it('with the state is indexed again, with the same documents', async () => {
    await using at = await place();
    const { before, content } = await indexed(at);
    expect(before.records).toHaveLength(170);
    await rm(join(at.directory, 'state'), { recursive: true });
    await using indexer = await at.open();
    expect(await indexer.catchUp()).toMatchObject({ created: 0, updated: 170 });
    expect(await content()).toEqual(before);
  });

  it('with the indices comes back with a rebuild, with the same documents', async () => {
    await using at = await place();
    const { before, content } = await indexed(at);
    await using indexer = await at.open();
    expect(await indexer.rebuild({ drop: true })).toMatchObject({ created: 170, updated: 0 });
    expect(await content()).toEqual(before);
    expect(await indexer.rebuild()).toMatchObject({ created: 0, updated: 170 });
    expect(await content()).toEqual(before);
  });

  it('with one archive is written again, each record by the first archive that shows it', async () => {
    await using at = await place();
    const { second, before, content } = await indexed(at);
    await using indexer = await at.open();
    expect(await indexer.rebuild({ archive: second.id })).toMatchObject({ updated: 150 });
    expect(await content()).toEqual(before);
    await expect(indexer.rebuild({ archive: 'none' })).rejects.toMatchObject({
      code: 'KOPS_ARCHIVE_NOT_FOUND',
    });
  });

  it('with an index is noticed by the next look', async () => {
    await using at = await place();
    const { before, content } = await indexed(at);
    await using indexer = await at.open();
    const { prefix } = at.access;
    await ask(at.access, 'DELETE', `/${recordsAlias('audit', prefix)}-000001`);
    expect(await indexer.catchUp()).toMatchObject({ created: 20, updated: 0 });
    expect(await content()).toEqual(before);
    await ask(at.access, 'DELETE', `/${kindAlias('archives', prefix)}-000001`);
    expect(await indexer.catchUp()).toMatchObject({ created: 0, updated: 170 });
    expect(await content()).toEqual(before);
  });
});
