import fc from 'fast-check';
import { expect } from 'vitest';
import type { ObjectStore } from '../port.ts';
import {
  contentOf,
  expectBytes,
  expectRefusal,
  patternOf,
  piecesOf,
  type ContractCase,
} from './contract-case.ts';

const size = 10_000;

/** Parts of objects, streams and their bounds. */
export const rangeCases: readonly ContractCase[] = [
  {
    name: 'reads any range, in pieces of any size',
    run: async (store: ObjectStore): Promise<void> => {
      const bytes = patternOf(size);
      await store.putIfAbsent('k', bytes);
      const anyRange = fc.tuple(fc.nat(size), fc.nat(size), fc.integer({ min: 1, max: 2 * size }));
      await fc.assert(
        fc.asyncProperty(anyRange, async ([a, b, pieceBytes]) => {
          const range = { start: Math.min(a, b), end: Math.max(a, b) };
          const expected = bytes.subarray(range.start, range.end);
          expectBytes(await store.get('k', { range }), expected);
          const pieces = await piecesOf(store.read('k', { range, pieceBytes }));
          expect(pieces.every((piece) => piece.length > 0 && piece.length <= pieceBytes)).toBe(
            true,
          );
          expectBytes(Buffer.concat(pieces), expected);
        }),
        { numRuns: 50 },
      );
    },
  },
  {
    name: 'reads from a start to the end of the object',
    run: async (store: ObjectStore): Promise<void> => {
      const bytes = patternOf(size);
      await store.putIfAbsent('k', bytes);
      expectBytes(await store.get('k', { range: { start: 9_990 } }), bytes.subarray(9_990));
      expectBytes(await contentOf(store.read('k', { range: { start: size } })), new Uint8Array(0));
    },
  },
  {
    name: 'calls an object corrupt that is shorter than the range asks for',
    run: async (store: ObjectStore): Promise<void> => {
      await store.putIfAbsent('k', patternOf(size));
      for (const range of [
        { start: 0, end: size + 1 },
        { start: size + 1 },
        { start: size + 1, end: size + 2 },
      ]) {
        await expectRefusal(store.get('k', { range }), 'KOPS_OBJECT_CORRUPT', 'k');
        await expectRefusal(contentOf(store.read('k', { range })), 'KOPS_OBJECT_CORRUPT', 'k');
      }
    },
  },
  {
    name: 'refuses a range or a size of pieces that makes no sense',
    run: async (store: ObjectStore): Promise<void> => {
      await store.putIfAbsent('k', patternOf(size));
      for (const range of [
        { start: -1 },
        { start: 2, end: 1 },
        { start: 0.5 },
        { start: 0, end: NaN },
      ]) {
        await expectRefusal(store.get('k', { range }), 'KOPS_USAGE', 'k');
      }
      await expectRefusal(contentOf(store.read('k', { pieceBytes: 0 })), 'KOPS_USAGE', 'k');
    },
  },
  {
    name: 'reads no more into memory than allowed',
    run: async (store: ObjectStore): Promise<void> => {
      await store.putIfAbsent('k', patternOf(size));
      await expectRefusal(store.get('k', { maxBytes: size - 1 }), 'KOPS_OBJECT_CORRUPT', 'k');
      expectBytes(await store.get('k', { maxBytes: size }), patternOf(size));
      const range = { start: 10, end: 20 };
      expectBytes(await store.get('k', { range, maxBytes: 10 }), patternOf(size).subarray(10, 20));
    },
  },
  {
    name: 'stops reading when the signal is aborted',
    run: async (store: ObjectStore): Promise<void> => {
      await store.putIfAbsent('k', patternOf(size));
      const controller = new AbortController();
      let seen = 0;
      const work = async (): Promise<void> => {
        for await (const piece of store.read('k', { pieceBytes: 100, signal: controller.signal })) {
          seen += piece.length;
          if (seen === 500) controller.abort();
        }
      };
      await expect(work()).rejects.toMatchObject({ code: 'KOPS_INTERRUPTED' });
      expect(seen).toBe(500);
      await expect(store.get('k', { signal: controller.signal })).rejects.toMatchObject({
        code: 'KOPS_INTERRUPTED',
      });
    },
  },
  {
    name: 'lets a reader leave a stream early',
    run: async (store: ObjectStore): Promise<void> => {
      await store.putIfAbsent('k', patternOf(size));
      for await (const piece of store.read('k', { pieceBytes: 10 })) {
        expect(piece).toHaveLength(10);
        break;
      }
      await store.delete('k');
      expect(await store.head('k')).toBeUndefined();
    },
  },
];
