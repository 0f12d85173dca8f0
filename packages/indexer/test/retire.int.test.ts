import { appendFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sandboxElasticsearch } from '@kops/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { documentsOf, indexedRecords } from './catalog-content.ts';
import { commit, encode, orderOf, ordersOf, shownRecords } from './fixture.ts';
import { Place } from './place.ts';

const elasticsearch = sandboxElasticsearch({ beforeAll, afterAll, beforeEach });

const place = () => Place.make(elasticsearch());

const archivesOf = async (at: Place) =>
  (await documentsOf(at.access, 'archives')).map(
    ({ source }) => (source['kops'] as { archive: string }).archive,
  );

const segmentsOf = async (at: Place) =>
  (await documentsOf(at.access, 'segments'))
    .map(({ source }) => (source['kops'] as { segment: string }).segment)
    .sort();

/** Values of the records of `orders`, by offset. */
async function valuesOf(at: Place): Promise<Record<string, unknown>> {
  const records = await documentsOf(at.access, 'records');
  return Object.fromEntries(
    records.map(({ source }) => [
      (source['kafka'] as { offset: number }).offset,
      source['message'],
    ]),
  );
}

const valued = (from: number, to: number, value: string) =>
  encode(
    Array.from({ length: to - from }, (_, index) =>
      orderOf(from + index, { value: Buffer.from(value) }),
    ),
  );

describe('a retired archive', () => {
  it('leaves with what only it showed', async () => {
    await using at = await place();
    const first = await commit(at.repository, [
      { segments: [ordersOf(0, 50), ordersOf(50, 100)] },
      { topic: 'gone', segments: [ordersOf(0, 10)] },
    ]);
    const [[lower, upper] = []] = first.segments;
    const second = await commit(at.repository, [
      { segments: [lower!, upper!, ordersOf(100, 120)].slice(1), logStart: 60 },
    ]);
    await using indexer = await at.open();
    await indexer.catchUp();
    expect(await indexedRecords(at.access)).toHaveLength(130);
    await at.repository.retireArchives([first.id]);
    expect(await indexer.catchUp()).toMatchObject({
      archives: [],
      records: 0,
      retired: { archives: [first.id], segments: 2, records: 70 },
    });
    expect(await indexedRecords(at.access)).toEqual(await shownRecords(at.repository, second.id));
    expect(await archivesOf(at)).toEqual([second.id]);
    expect(await segmentsOf(at)).toEqual(
      second.segments
        .flat()
        .map(({ key }) => key)
        .sort(),
    );
    expect(await indexer.retire()).toEqual({ archives: [], segments: 0, records: 0 });
    // What was taken out of a segment that stayed is written again for an archive that shows it.
    const third = await commit(at.repository, [{ segments: [upper!] }]);
    expect(await indexer.catchUp()).toMatchObject({ created: 10, updated: 0 });
    expect(await indexedRecords(at.access)).toEqual(
      [
        ...new Set([
          ...(await shownRecords(at.repository, second.id)),
          ...(await shownRecords(at.repository, third.id)),
        ]),
      ].sort(),
    );
  });

  it('leaves though its objects were swept already', async () => {
    await using at = await place();
    const first = await commit(at.repository, [{ segments: [ordersOf(0, 50)] }]);
    const kept = await commit(at.repository, [{ partition: 1, segments: [ordersOf(0, 5)] }]);
    await using indexer = await at.open();
    await indexer.catchUp();
    await at.repository.retireArchives([first.id]);
    await rm(join(at.directory, 'repository', first.ref.manifest.key));
    await rm(join(at.directory, 'repository', first.segments[0]![0]!.key));
    expect(await indexer.retire()).toMatchObject({ archives: [first.id], records: 50 });
    expect(await indexedRecords(at.access)).toEqual(await shownRecords(at.repository, kept.id));
  });

  it('of a log that was truncated leaves what the other one shows of the same offsets', async () => {
    await using at = await place();
    const before = await commit(at.repository, [{ segments: [[valued(0, 20, 'before')]] }]);
    const after = await commit(at.repository, [
      {
        segments: [
          { ...before.segments[0]![0]!, slice: { start: 0n, end: 10n } },
          [valued(10, 15, 'after')],
        ],
      },
    ]);
    await using indexer = await at.open();
    await indexer.catchUp();
    const values = await valuesOf(at);
    expect([values['9'], values['10'], values['14'], values['15']]).toEqual([
      'before',
      'after',
      'after',
      'before',
    ]);
    await at.repository.retireArchives([after.id]);
    expect(await indexer.catchUp()).toMatchObject({ retired: { records: 5 }, created: 5 });
    expect(Object.values(await valuesOf(at))).toEqual(Array.from({ length: 20 }, () => 'before'));
  });

  it('of a topic that was compacted in between takes its old records with it', async () => {
    await using at = await place();
    const first = await commit(at.repository, [{ segments: [[valued(0, 10, 'old')]] }]);
    const compacted = encode([8, 9].map((n) => orderOf(n, { value: Buffer.from('new') })));
    const second = await commit(at.repository, [{ segments: [[compacted]], logStart: 0 }]);
    await using indexer = await at.open();
    await indexer.catchUp();
    expect(await indexedRecords(at.access)).toHaveLength(10);
    await at.repository.retireArchives([first.id]);
    // The two that were written by the later segment stay as they are.
    expect(await indexer.catchUp()).toMatchObject({ retired: { records: 8 }, records: 0 });
    expect(await valuesOf(at)).toEqual({ 8: 'new', 9: 'new' });
    expect(await indexedRecords(at.access)).toEqual(await shownRecords(at.repository, second.id));
  });
});

describe('damage', () => {
  it('of a segment is reported, and the rest is indexed', async () => {
    await using at = await place();
    const { id, segments } = await commit(at.repository, [
      { partition: 0, segments: [ordersOf(0, 50), ordersOf(50, 100)] },
      { partition: 1, segments: [ordersOf(0, 30)] },
    ]);
    const { key } = segments[0]![0]!;
    const path = join(at.directory, 'repository', key);
    const original = await at.repository.store.get(key);
    const damaged = Buffer.from(original);
    damaged[1500]! ^= 1;
    await rm(path);
    await writeFile(path, damaged);
    await using indexer = await at.open();
    const failed = [
      { archive: id, topic: 'orders', partition: 0, segment: key, code: 'KOPS_BATCH_CORRUPT' },
    ];
    expect(await indexer.catchUp()).toMatchObject({ incomplete: [id], records: 80, failed });
    expect(await indexer.status()).toMatchObject({
      archives: { indexed: 0, incomplete: 1, waiting: 0 },
      failed,
    });
    expect(await archivesOf(at)).toEqual([id]);
    // Mended, it is indexed by the next look.
    await rm(path);
    await writeFile(path, original);
    expect(await indexer.catchUp()).toMatchObject({ archives: [id], records: 50, failed: [] });
    expect((await indexer.status()).failed).toEqual([]);
    expect(await indexedRecords(at.access)).toEqual(await shownRecords(at.repository, id));
  });

  it('of a manifest keeps nothing else from being indexed', async () => {
    await using at = await place();
    const bad = await commit(at.repository, [{ segments: [ordersOf(0, 10)] }]);
    const good = await commit(at.repository, [{ partition: 1, segments: [ordersOf(0, 10)] }]);
    await appendFile(join(at.directory, 'repository', bad.ref.manifest.key), ' ');
    await using indexer = await at.open();
    expect(await indexer.catchUp()).toMatchObject({
      archives: [good.id],
      incomplete: [bad.id],
      failed: [{ archive: bad.id, code: 'KOPS_MANIFEST_INVALID' }],
    });
    // Nobody knows what it shows, so nothing is taken out.
    await at.repository.retireArchives([good.id]);
    expect(await indexer.catchUp()).toMatchObject({
      retired: { archives: [] },
      failed: [{ code: 'KOPS_MANIFEST_INVALID' }, { code: 'KOPS_MANIFEST_INVALID' }],
    });
    expect(await indexedRecords(at.access)).toHaveLength(10);
    await at.repository.retireArchives([bad.id]);
    expect(await indexer.catchUp()).toMatchObject({ retired: { records: 10 }, failed: [] });
    expect(await readdir(join(at.directory, 'state', at.repository.info.id))).toContain('lock');
  });
});
