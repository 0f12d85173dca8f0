import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SegmentEntry } from '@kops/archive-format';
import { recordsAlias } from '@kops/catalog';
import { sandboxElasticsearch } from '@kops/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask, documentsOf } from './catalog-content.ts';
import { commit, encode, orderOf } from './fixture.ts';
import { Place } from './place.ts';

const elasticsearch = sandboxElasticsearch({ beforeAll, afterAll, beforeEach });

const place = () => Place.make(elasticsearch());

/** A batch of records with this value at these offsets; what lies between was compacted. */
const valued = (offsets: readonly number[], value: string) =>
  encode(offsets.map((n) => orderOf(n, { value: Buffer.from(value) })));

const upTo = (to: number, from = 0) =>
  Array.from({ length: to - from }, (_, index) => from + index);

/** All records as `offset value`, in the order of offsets: what is there twice is in it twice. */
async function contentOf(at: Place): Promise<string[]> {
  return (await documentsOf(at.access, 'records'))
    .map(({ source }) => ({
      offset: (source['kafka'] as { offset: number }).offset,
      value: String(source['message']),
    }))
    .sort((a, b) => a.offset - b.offset)
    .map(({ offset, value }) => `${String(offset)} ${value}`);
}

const rollOver = (at: Place) =>
  ask(at.access, 'POST', `/${recordsAlias('orders', at.access.prefix)}/_rollover`);

const indicesOf = async (at: Place) =>
  new Set((await documentsOf(at.access, 'records')).map(({ index }) => index)).size;

/** Changes a byte of the last batch of a segment. */
async function damage(at: Place, { key }: SegmentEntry): Promise<void> {
  const bytes = Buffer.from(await at.repository.store.get(key));
  bytes[bytes.byteLength - 3]! ^= 1;
  const path = join(at.directory, 'repository', key);
  await rm(path);
  await writeFile(path, bytes);
}

describe('two segments with the same offsets, after a roll-over,', () => {
  /** A topic, and the same after it was compacted: of ten records two are left. */
  async function compacted(at: Place) {
    const first = await commit(at.repository, [{ segments: [[valued(upTo(10), 'old')]] }]);
    await using indexer = await at.open();
    await indexer.catchUp();
    await rollOver(at);
    const second = await commit(at.repository, [{ segments: [[valued([0, 9], 'new')]] }]);
    await indexer.catchUp();
    return { first, second };
  }

  const both = ['0 new', ...upTo(9, 1).map((n) => `${String(n)} old`), '9 new'];

  it('keep what only the older one has, and have nothing twice', async () => {
    await using at = await place();
    await compacted(at);
    expect(await contentOf(at)).toEqual(both);
    expect(await indicesOf(at)).toBe(2);
  });

  it('leave each other whole, whichever is retired', async () => {
    for (const isFirst of [true, false]) {
      await using at = await place();
      const { first, second } = await compacted(at);
      await at.repository.retireArchives([isFirst ? first.id : second.id]);
      await rollOver(at);
      await using indexer = await at.open();
      await indexer.catchUp();
      expect(await contentOf(at)).toEqual(
        isFirst ? ['0 new', '9 new'] : upTo(10).map((n) => `${String(n)} old`),
      );
    }
  });

  it('are the same after each roll-over and rebuild, by whichever comes last', async () => {
    await using at = await place();
    await compacted(at);
    await using indexer = await at.open();
    for (let round = 0; round < 2; round++) {
      await rollOver(at);
      await indexer.rebuild();
      expect(await contentOf(at)).toEqual(both);
    }
    expect(await indicesOf(at)).toBe(1);
  });
});

describe('of two segments with the same offsets', () => {
  it('the one that was written in part only gives back what it replaced', async () => {
    await using at = await place();
    await commit(at.repository, [{ segments: [[valued(upTo(40), 'old')]] }]);
    await using indexer = await at.open({ limits: { maxRequestBytes: 2000 } });
    await indexer.catchUp();
    const second = await commit(at.repository, [
      { segments: [[valued(upTo(30), 'new'), valued(upTo(40, 30), 'new')]] },
    ]);
    await damage(at, second.segments[0]![0]!);
    expect(await indexer.catchUp()).toMatchObject({ incomplete: [second.id] });
    // The first batch was written before the damage of the second was found.
    expect(await contentOf(at)).toContain('0 new');
    await at.repository.retireArchives([second.id]);
    await indexer.catchUp();
    expect(await contentOf(at)).toEqual(upTo(40).map((n) => `${String(n)} old`));
  });

  it('the one that was written before and after the other gives back what it had before', async () => {
    await using at = await place();
    const whole = await commit(at.repository, [
      { segments: [[valued(upTo(5), 'a'), valued(upTo(10, 5), 'a')]], cut: 5 },
    ]);
    await using indexer = await at.open();
    await indexer.catchUp();
    const other = await commit(at.repository, [{ segments: [[valued(upTo(4), 'b')]] }]);
    await indexer.catchUp();
    const [entry] = whole.segments[0]!;
    await commit(at.repository, [
      { segments: [{ ...entry!, slice: { ...entry!.slice, start: 0n, end: 10n } }] },
    ]);
    await indexer.catchUp();
    expect((await contentOf(at)).slice(3, 6)).toEqual(['3 b', '4 a', '5 a']);
    await at.repository.retireArchives([other.id]);
    await indexer.catchUp();
    expect(await contentOf(at)).toEqual(upTo(10).map((n) => `${String(n)} a`));
  });
});
