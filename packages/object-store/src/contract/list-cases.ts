import fc from 'fast-check';
import { expect } from 'vitest';
import type { ObjectStore } from '../port.ts';
import { bytesOf, collect, expectRefusal, keysOf, type ContractCase } from './contract-case.ts';

/** Names around `/` in byte order (`-` and `.` are below it, digits and letters above) that begin alike. */
const segment = fc.constantFrom(
  'a',
  'a-',
  'a-b',
  'a.',
  'a.b',
  'a0',
  'a_',
  'aA',
  'A',
  'b',
  '-',
  '_',
  '.x',
  '0',
);
const anyKeys = fc.uniqueArray(
  fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/')),
  { minLength: 1, maxLength: 25 },
);

/** Without keys that are the directory of another: stores may refuse those. */
function withoutConflicts(keys: readonly string[]): string[] {
  return keys.filter((key) => !keys.some((other) => other.startsWith(`${key}/`)));
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

async function putAll(store: ObjectStore, keys: readonly string[]): Promise<void> {
  for (const key of keys) await store.putIfAbsent(key, bytesOf(key));
}

/** Listings and their order. */
export const listCases: readonly ContractCase[] = [
  {
    name: 'lists in the byte order of the whole key, not of its directories',
    run: async (store: ObjectStore): Promise<void> => {
      const keys = ['a/x', 'a-b', 'a.b/c', 'a0', 'a/x.y', 'a/x-', 'B', 'a_/z'];
      await putAll(store, keys);
      expect(await keysOf(store.list(''))).toEqual([
        'B',
        'a-b',
        'a.b/c',
        'a/x',
        'a/x-',
        'a/x.y',
        'a0',
        'a_/z',
      ]);
    },
  },
  {
    name: 'lists any set of keys, from any prefix and after any key, in order',
    run: async (store: ObjectStore): Promise<void> => {
      await fc.assert(
        fc.asyncProperty(
          anyKeys,
          fc.nat(),
          fc.nat(),
          anyKeys,
          async (some, which, length, strangers) => {
            const keys = withoutConflicts(some);
            await putAll(store, keys);
            const sorted = [...keys].sort(byBytes);
            const chosen = keys[which % keys.length] ?? '';
            const prefix = chosen.slice(0, length % (chosen.length + 1));
            for (const startAfter of [chosen, prefix, strangers[0] ?? '']) {
              const expected = sorted.filter((key) => key.startsWith(prefix));
              expect(await keysOf(store.list(prefix))).toEqual(expected);
              const rest = expected.filter((key) => byBytes(key, startAfter) > 0);
              expect(await keysOf(store.list(prefix, { startAfter }))).toEqual(rest);
            }
            for (const key of keys) await store.delete(key);
            expect(await keysOf(store.list(''))).toEqual([]);
          },
        ),
        { numRuns: 40 },
      );
    },
  },
  {
    name: 'lists parts apart from objects',
    run: async (store: ObjectStore): Promise<void> => {
      const keys = ['a/x', 'a-b', 'a.b/c', 'a0', 'c', 'c.', 'b/x.y'];
      for (const key of keys) await (await store.openWriter(key)).suspend();
      await putAll(store, ['b/w', 'z']);
      const kept = store.capabilities.durableAppend ? keys : [];
      for (const prefix of ['', 'a', 'a.', 'a/', 'a/x', 'b/', 'c', 'c.', 'c.p', 'none']) {
        const expected = kept.filter((key) => key.startsWith(prefix)).sort();
        expect((await keysOf(store.listParts(prefix))).sort()).toEqual(expected);
      }
      expect(await keysOf(store.list(''))).toEqual(['b/w', 'z']);
    },
  },
  {
    name: 'gives the size of what it lists, also of more than fits one page',
    run: async (store: ObjectStore): Promise<void> => {
      const keys = Array.from({ length: 150 }, (_, at) => `many/${String(at).padStart(4, '0')}`);
      await Promise.all(keys.map((key, at) => store.putIfAbsent(key, new Uint8Array(at))));
      const infos = await collect(store.list('many/'));
      expect(infos.map(({ key, size }) => [key, size])).toEqual(keys.map((key, at) => [key, at]));
      expect(await keysOf(store.list('many/', { startAfter: 'many/0147' }))).toEqual([
        'many/0148',
        'many/0149',
      ]);
    },
  },
  {
    name: 'lets objects be removed while they are listed',
    run: async (store: ObjectStore): Promise<void> => {
      const keys = Array.from({ length: 100 }, (_, at) => `dir-${String(at % 5)}/${String(at)}`);
      await putAll(store, keys);
      let removed = 0;
      for await (const { key } of store.list('')) {
        await store.delete(key);
        removed++;
      }
      expect(removed).toBe(100);
      expect(await keysOf(store.list(''))).toEqual([]);
    },
  },
  {
    name: 'lists nothing where there is nothing, and refuses prefixes that are none',
    run: async (store: ObjectStore): Promise<void> => {
      await putAll(store, ['dir/k']);
      for (const prefix of ['none', 'none/', 'dir/k/', 'dir/k2', 'di/']) {
        expect(await keysOf(store.list(prefix))).toEqual([]);
      }
      for (const prefix of ['/', '../', 'a//', 'dir/../', 'a b']) {
        await expectRefusal(keysOf(store.list(prefix)), 'KOPS_USAGE', prefix);
        await expectRefusal(keysOf(store.listParts(prefix)), 'KOPS_USAGE', prefix);
      }
    },
  },
];
