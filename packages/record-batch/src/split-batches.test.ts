import fc from 'fast-check';
import { KopsError } from '@kops/core';
import { describe, expect, it } from 'vitest';
import { splitBatches } from './index.ts';
import { plainBatch } from '../test/arbitrary-records.ts';
import { thrownBy } from '../test/thrown.ts';

const batches = [plainBatch(3, 0n), plainBatch(1, 3n), plainBatch(2, 10n)];
const segment = new Uint8Array(Buffer.concat(batches));

function split(bytes: Uint8Array): {
  readonly offsets: readonly bigint[];
  readonly consumed: number;
} {
  const generator = splitBatches(bytes);
  const offsets: bigint[] = [];
  let next = generator.next();
  for (; next.done !== true; next = generator.next()) offsets.push(next.value.baseOffset);
  return { offsets, consumed: next.value };
}

describe('splitBatches', () => {
  it('yields every batch as a view of the same memory', () => {
    const views = [...splitBatches(segment)];
    expect(views.map((view) => view.baseOffset)).toEqual([0n, 3n, 10n]);
    expect(views.every((view) => view.bytes.buffer === segment.buffer)).toBe(true);
  });

  it('yields the whole batches before a cut at every length, and says how far it came', () => {
    const ends = batches.reduce<number[]>(
      (sums, { byteLength }) => [...sums, (sums.at(-1) ?? 0) + byteLength],
      [],
    );
    for (let length = 0; length <= segment.byteLength; length++) {
      const whole = ends.filter((end) => end <= length);
      const { offsets, consumed } = split(segment.subarray(0, length));
      expect(offsets).toEqual([0n, 3n, 10n].slice(0, whole.length));
      expect(consumed).toBe(whole.at(-1) ?? 0);
    }
  });

  it.each([
    [
      'a length below any header',
      (data: DataView, at: number) => {
        data.setInt32(at + 8, 48);
      },
    ],
    [
      'a length of zero',
      (data: DataView, at: number) => {
        data.setInt32(at + 8, 0);
      },
    ],
    [
      'a negative length',
      (data: DataView, at: number) => {
        data.setInt32(at + 8, -1);
      },
    ],
    [
      'a length that no broker can hold',
      (data: DataView, at: number) => {
        data.setInt32(at + 8, 0x7fff_ffff);
      },
    ],
    [
      'a negative base offset',
      (data: DataView, at: number) => {
        data.setBigInt64(at, -5n);
      },
    ],
  ])('refuses %s after the batches before it', (_, damage) => {
    const bytes = Uint8Array.from(segment);
    const second = batches[0]?.byteLength ?? 0;
    damage(new DataView(bytes.buffer), second);
    const seen: bigint[] = [];
    const error = thrownBy(() => {
      for (const view of splitBatches(bytes, { topic: 't', partition: 1 }))
        seen.push(view.baseOffset);
    });
    expect(seen).toEqual([0n]);
    expect(error).toMatchObject({ code: 'KOPS_BATCH_CORRUPT', at: { topic: 't', partition: 1 } });
    expect((error as KopsError).message).toContain(`byte ${second}`);
  });

  it('calls a zeroed tail damaged, not "magic 0"', () => {
    const bytes = new Uint8Array(segment.byteLength + 100);
    bytes.set(segment);
    expect(thrownBy(() => [...splitBatches(bytes)])).toMatchObject({ code: 'KOPS_BATCH_CORRUPT' });
  });

  it('ends random bytes with a prefix or a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const error = thrownBy(() => [...splitBatches(bytes)]);
        expect(error === undefined || KopsError.is(error)).toBe(true);
      }),
    );
  });
});
