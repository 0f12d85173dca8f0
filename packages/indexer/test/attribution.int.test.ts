import { sandboxElasticsearch } from '@kops/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readIndexerStatus } from '../src/index.ts';
import { ask, documentsOf, indexedRecords, namedArchives } from './catalog-content.ts';
import { commit, encode, orderOf, ordersOf, shownRecords, type Committed } from './fixture.ts';
import { Place } from './place.ts';

const elasticsearch = sandboxElasticsearch({ beforeAll, afterAll, beforeEach });

const place = () => Place.make(elasticsearch());

/** How many records and segments name an archive. */
async function namedBy(
  at: Place,
  { id }: Committed,
): Promise<{ records: number; segments: number }> {
  const count = async (kind: 'records' | 'segments') =>
    (await documentsOf(at.access, kind)).filter(
      ({ source }) => (source['kops'] as { archive: string }).archive === id,
    ).length;
  return { records: await count('records'), segments: await count('segments') };
}

describe('what a retired archive shares with others', () => {
  it('names one that shows it, and is otherwise as before', async () => {
    await using at = await place();
    const price = orderOf(7000, { value: Buffer.from('{"price":1.10,"id":12345678901234567890}') });
    const first = await commit(at.repository, [
      { segments: [ordersOf(0, 7000, { perBatch: 500 }), [encode([price])]] },
      { partition: 1, segments: [ordersOf(0, 30)] },
    ]);
    const [[long, single] = [], [other] = []] = first.segments;
    const second = await commit(at.repository, [
      { segments: [long!, single!, ordersOf(7001, 7100)] },
      { partition: 1, segments: [other!], logStart: 10 },
    ]);
    await using indexer = await at.open();
    await indexer.catchUp();
    expect(await namedBy(at, first)).toEqual({ records: 7031, segments: 3 });
    const before = await documentsOf(at.access, 'records');
    await at.repository.retireArchives([first.id]);
    expect(await indexer.catchUp()).toMatchObject({ records: 0, retired: { records: 10 } });
    expect(await namedArchives(at.access)).toEqual([second.id]);
    expect(await namedBy(at, second)).toEqual({ records: 7120, segments: 4 });
    expect(await indexedRecords(at.access)).toEqual(await shownRecords(at.repository, second.id));
    const named = (source: Record<string, unknown>) => ({
      ...source,
      kops: { ...(source['kops'] as object), archive: second.id },
    });
    const kept = before.filter(
      ({ source }) =>
        (source['kafka'] as { partition: number; offset: number }).partition === 0 ||
        (source['kafka'] as { offset: number }).offset >= 10,
    );
    expect(await documentsOf(at.access, 'records')).toEqual(
      kept.map(({ source, ...of }) => ({ ...of, source: named(source) })),
    );
    await using catalog = await at.connect();
    const found = (query: string) => catalog.count({ query });
    expect(await found(`kops.archive:"${first.id}"`)).toBe(0);
    expect(await found(`kops.archive:"${second.id}"`)).toBe(7120);
    expect(await found('kafka.value.price:1.10 AND kafka.value.id:12345678901234567890')).toBe(1);
  });

  it('names the newest of those that show it, so that the next retirement changes little', async () => {
    await using at = await place();
    const shared = await commit(at.repository, [{ segments: [ordersOf(0, 20)] }]);
    const [entry] = shared.segments[0]!;
    const narrow = await commit(at.repository, [{ segments: [entry!], cut: 15 }]);
    const newest = await commit(at.repository, [{ segments: [entry!], cut: 5 }]);
    await using indexer = await at.open();
    await indexer.catchUp();
    await at.repository.retireArchives([shared.id]);
    await indexer.catchUp();
    expect([await namedBy(at, narrow), await namedBy(at, newest)]).toEqual([
      { records: 10, segments: 0 },
      { records: 5, segments: 1 },
    ]);
    await at.repository.retireArchives([newest.id]);
    expect(await indexer.catchUp()).toMatchObject({ retired: { records: 0, segments: 0 } });
    expect(await namedArchives(at.access)).toEqual([narrow.id]);
    expect(await indexedRecords(at.access)).toEqual(await shownRecords(at.repository, narrow.id));
  });

  it('and dead letters, too', async () => {
    await using at = await place();
    await ask(at.access, 'PUT', '/_ingest/pipeline/refuse_third', {
      processors: [{ set: { if: 'ctx.kafka.offset == 3', field: 'surprise', value: 'x' } }],
    });
    const records = at.rules([{ topics: '*', level: 'full', pipeline: 'refuse_third' }]);
    const first = await commit(at.repository, [{ segments: [ordersOf(0, 10)] }]);
    const second = await commit(at.repository, [{ segments: first.segments[0]! }]);
    await using indexer = await at.open({ records });
    await indexer.catchUp();
    const letters = () => Array.fromAsync(indexer.deadLetters());
    const [letter, ...more] = await letters();
    expect([letter?.archive, more]).toEqual([first.id, []]);
    await at.repository.retireArchives([first.id]);
    await indexer.catchUp();
    expect(await letters()).toEqual([{ ...letter, archive: second.id }]);
  });
});

describe('rules that changed', () => {
  const none = { segments: 0, records: 0, topics: [] };

  it('are reported with what was indexed by the ones before, until a rebuild', async () => {
    await using at = await place();
    const first = await commit(at.repository, [
      { topic: 'orders', segments: [ordersOf(0, 30), ordersOf(30, 50)] },
      { topic: 'audit', segments: [ordersOf(0, 7)] },
      { topic: 'later', segments: [ordersOf(0, 5)] },
    ]);
    const rules = (orders: object, later = 'none') =>
      at.rules([
        { topics: 'orders', level: 'full', ...orders },
        { topics: 'audit', level: 'keys' },
        { topics: 'later', level: later },
      ]);
    const masked = { masks: [{ field: 'value.order', action: 'redact' }] };
    const otherRules = async (records: ReturnType<typeof rules>, hashKey = at.options.hashKey!) => {
      await using indexer = await at.open({ records, hashKey });
      const { otherRules: found } = await indexer.status();
      const { repositoryUrl, stateDirectory } = at.options;
      const read = await readIndexerStatus({ repositoryUrl, stateDirectory, records, hashKey });
      expect(read.otherRules).toEqual(found);
      return found;
    };
    {
      await using indexer = await at.open({ records: rules({}) });
      await indexer.catchUp();
    }
    expect(await otherRules(rules({}))).toEqual({ ...none, otherMasks: none });
    const orders = { segments: 2, records: 50, topics: ['orders'] };
    expect(await otherRules(rules({ maxValueBytes: 5 }))).toEqual({ ...orders, otherMasks: none });
    expect(await otherRules(rules(masked))).toEqual({ ...orders, otherMasks: orders });
    expect(await otherRules(rules({ level: 'none' }))).toEqual({ ...orders, otherMasks: none });
    const all = { segments: 3, records: 57, topics: ['audit', 'orders'] };
    expect(await otherRules(rules({}), 'another key')).toEqual({ ...all, otherMasks: none });
    const later = { segments: 1, records: 0, topics: ['later'] };
    expect(await otherRules(rules({}, 'full'))).toEqual({ ...later, otherMasks: none });
    // What comes in now is by the new rules; what was there is not.
    const more = await commit(at.repository, [
      { topic: 'orders', segments: [...first.segments[0]!, ordersOf(50, 60)] },
    ]);
    await using indexer = await at.open({ records: rules(masked) });
    await indexer.catchUp();
    expect((await indexer.status()).otherRules.otherMasks).toEqual(orders);
    await using catalog = await at.connect();
    await catalog.refresh();
    expect(await catalog.count({ query: 'id49 OR id50' })).toBe(1);
    await indexer.rebuild({ archive: more.id });
    expect((await indexer.status()).otherRules).toEqual({ ...none, otherMasks: none });
    await catalog.refresh();
    expect(await catalog.count({ query: 'id49 OR id50' })).toBe(0);
  });
});
