import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkList,
  countHoles,
  countRecords,
  decodeManifest,
  decodeSegmentList,
  encodeManifest,
  encodeSegmentList,
  findIndexRange,
  segmentListSchema,
  sliceList,
  visibleEntries,
  type SegmentEntry,
} from '../src/index.ts';
import { entryOf, listOf, sampleList, sampleManifest } from './sample.ts';

/** JSON as a later minor version may add it; a field cannot be named `__proto__`. */
const foreign = fc
  .jsonValue({ maxDepth: 3 })
  .filter((value) => !JSON.stringify(value).includes('"__proto__":'));
const fieldName = fc
  .string({ minLength: 1, unit: 'grapheme' })
  .filter((name) => name !== '__proto__' && name.isWellFormed());

/** Lists of segments with gaps between and, for some, inside. */
const lists = fc
  .array(
    fc.record({
      gap: fc.nat(3),
      count: fc.integer({ min: 1, max: 9 }),
      missing: fc.nat(3),
      known: fc.boolean(),
    }),
    { maxLength: 6 },
  )
  .map((shapes) => {
    let next = 0n;
    return listOf(
      shapes.map(({ gap, count, missing, known }) => {
        const base = next + BigInt(gap);
        next = base + BigInt(count);
        const records = known ? Math.max(1, count - missing) : null;
        return entryOf(base, count, { records, index: [[base, 1n, 0]] });
      }),
    );
  });

describe('encoding', () => {
  it('is a fixed point, whatever fields are added and in whatever order', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fieldName, foreign, { maxKeys: 4, noNullPrototype: true }),
        (extra) => {
          const manifest = {
            ...extra,
            ...sampleManifest,
            topics: sampleManifest.topics.map((topic) => ({ ...extra, ...topic })),
          };
          const reversed = Object.fromEntries(
            Object.entries(manifest).reverse(),
          ) as typeof manifest;
          const bytes = Buffer.from(encodeManifest(manifest));
          expect(Buffer.from(encodeManifest(reversed)).equals(bytes)).toBe(true);
          expect(Buffer.from(encodeManifest(decodeManifest(bytes))).equals(bytes)).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('is JSON for empty and odd arrays too', () => {
    const odd = {
      ...sampleManifest,
      groups: [],
      odd: [undefined, null, [undefined]],
      none: undefined,
    };
    const json = JSON.parse(Buffer.from(encodeManifest(odd)).toString()) as Record<string, unknown>;
    expect(json['groups']).toEqual([]);
    expect(json['odd']).toEqual([null, null, [null]]);
    expect(json).not.toHaveProperty('none');
  });

  it('refuses what JSON in UTF-8 cannot hold', () => {
    expect(() => encodeManifest({ ...sampleManifest, note: '\ud800' })).toThrow(/surrogate/);
    expect(() => encodeManifest({ ...sampleManifest, note: Number.NaN })).toThrow(/NaN/);
    expect(() => encodeManifest(JSON.parse('{"__proto__":1}') as typeof sampleManifest)).toThrow(
      /__proto__/,
    );
  });
});

describe('the hand-written check of lists', () => {
  const json = (): unknown => JSON.parse(Buffer.from(encodeSegmentList(sampleList)).toString());
  const paths = collectPaths(json());
  const oddValue = fc.oneof(
    foreign,
    fc.constantFrom(
      '0',
      '-1',
      '-0',
      '01',
      '9223372036854775807',
      '9223372036854775808',
      'gzip',
      2 ** 53,
      -1,
      1.5,
    ),
  );

  it('accepts and refuses what the schema does, and converts alike', () => {
    const outcomes = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(
        fc.constantFrom(...paths),
        fc.option(oddValue, { nil: undefined }),
        (path, value) => {
          const changed = json();
          replaceAt(changed, path, value);
          // Both read the same text: JSON.stringify writes -0 as 0, undefined not at all.
          const text = JSON.stringify(changed);
          const bySchema = segmentListSchema.safeParse(JSON.parse(text));
          const byHand = attempt(() => decodeSegmentList(Buffer.from(text)));
          expect(byHand.ok).toBe(bySchema.success);
          if (byHand.ok) expect(byHand.value).toEqual(bySchema.data);
          outcomes[byHand.ok ? 'accepted' : 'refused']++;
        },
      ),
      { numRuns: 2000 },
    );
    expect(outcomes.accepted).toBeGreaterThan(50);
    expect(outcomes.refused).toBeGreaterThan(500);
  });
});

function collectPaths(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return [
    ...(path.length === 0 ? [] : [path]),
    ...Object.entries(value).flatMap(([key, child]) => collectPaths(child, [...path, key])),
  ];
}

function replaceAt(root: unknown, path: readonly string[], value: unknown): void {
  let holder = root as Record<string, unknown>;
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<string, unknown>;
  const last = path.at(-1) ?? '';
  // A version of the future is not a matter of shape.
  if (path.length === 1 && last === 'version' && typeof value === 'number') return;
  if (value === undefined) Reflect.deleteProperty(holder, last);
  else holder[last] = value;
}

function attempt<T>(work: () => T): { ok: true; value: T } | { ok: false } {
  try {
    return { ok: true, value: work() };
  } catch {
    return { ok: false };
  }
}

describe('slicing', () => {
  const offset = fc.bigInt({ min: 0n, max: 70n });

  it('shows exactly the offsets of the list that are in the range', () => {
    fc.assert(
      fc.property(lists, offset, offset, (list, from, to) => {
        const shown = visibleEntries(list, from, to).flatMap(offsetsOf);
        expect(shown).toEqual(
          list.segments.flatMap(offsetsOf).filter((at) => at >= from && at < to),
        );
        expect(checkList(sliceList(list, from, to))).toEqual([]);
      }),
    );
  });

  it('slices of slices are slices', () => {
    fc.assert(
      fc.property(lists, offset, offset, offset, offset, (list, a, b, c, d) => {
        const once = sliceList(list, a > c ? a : c, b < d ? b : d);
        expect(sliceList(sliceList(list, a, b), c, d)).toEqual(once);
      }),
    );
  });

  it('counts: records, holes and losses make up the range', () => {
    fc.assert(
      fc.property(lists, offset, offset, (list, from, to) => {
        const records = countRecords(list, from, to);
        const loss = { from: to > 2n ? to - 2n : 0n, to };
        const holes = countHoles(list, from, to);
        if (records === null) expect(holes).toBeNull();
        else expect(records + (holes?.offsets ?? -1n)).toBe(to > from ? to - from : 0n);
        if (holes !== null && to - from >= 2n)
          expect(countHoles(list, from, to, [loss])?.offsets).toBe(holes.offsets - 2n);
      }),
    );
  });

  it('index ranges hold every batch that overlaps, and begin at one', () => {
    const entry = entryOf(100n, 100, {
      index: [
        [100n, 1n, 0],
        [120n, 2n, 1000],
        [150n, 3n, 2000],
      ],
      plaintextBytes: 3000,
    });
    expect(findIndexRange(entry, 100n, 200n)).toEqual({ start: 0, end: 3000 });
    expect(findIndexRange(entry, 119n, 120n)).toEqual({ start: 0, end: 1000 });
    expect(findIndexRange(entry, 120n, 121n)).toEqual({ start: 1000, end: 2000 });
    expect(findIndexRange(entry, 199n, 300n)).toEqual({ start: 2000, end: 3000 });
    expect(findIndexRange({ ...entry, index: [] }, 199n, 300n)).toEqual({ start: 0, end: 3000 });
  });
});

function offsetsOf({ slice }: SegmentEntry): bigint[] {
  return Array.from(
    { length: Number(slice.end - slice.start) },
    (_, index) => slice.start + BigInt(index),
  );
}
