import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../memory/index.ts';
import type { ObjectInfo, ObjectStore } from '../port.ts';
import { contractCases } from './describe-object-store.ts';

type Breakage = (sound: ObjectStore) => Partial<ObjectStore>;

/** A sound store with some of its methods replaced. */
function broken(breakage: Breakage): ObjectStore {
  const sound = createMemoryStore();
  const replaced = breakage(sound) as Record<string | symbol, unknown>;
  return new Proxy(sound, {
    get(target, name) {
      if (name in replaced) return replaced[name];
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

async function failingCases(store: () => ObjectStore): Promise<string[]> {
  const failing: string[] = [];
  for (const contractCase of contractCases) {
    const failed = await contractCase.run(store()).then(
      () => false,
      () => true,
    );
    if (failed) failing.push(contractCase.name);
  }
  return failing;
}

async function all(listing: AsyncIterable<ObjectInfo>): Promise<ObjectInfo[]> {
  return Array.fromAsync(listing);
}

async function* directoriesFirst(listing: AsyncIterable<ObjectInfo>): AsyncGenerator<ObjectInfo> {
  // The mistake that a plain recursion makes: names compared segment by segment.
  const infos = await all(listing);
  yield* infos.sort((a, b) => (a.key.split('/') < b.key.split('/') ? -1 : 1));
}

const breakages: Record<string, Breakage> = {
  'replaces an object': (store) => ({
    putIfAbsent: async (key, bytes) => {
      const there = await store.head(key);
      await store.delete(key);
      await store.putIfAbsent(key, bytes);
      return there === undefined ? 'created' : 'exists';
    },
  }),
  'tells everyone that they created the object': (store) => ({
    putIfAbsent: async (key, bytes) => {
      await store.putIfAbsent(key, bytes);
      return 'created';
    },
  }),
  'lists directory by directory': (store) => ({
    list: (prefix, options) => directoriesFirst(store.list(prefix, options)),
  }),
  'forgets where a listing was to start': (store) => ({ list: (prefix) => store.list(prefix) }),
  'shows parts as objects': (store) => ({
    list: async function* (prefix, options) {
      yield* store.list(prefix, options);
      yield* store.listParts(prefix);
    },
  }),
  'ignores ranges': (store) => ({ get: (key) => store.get(key) }),
  'ignores the size of pieces': (store) => ({
    read: (key, options) =>
      store.read(key, options?.range === undefined ? {} : { range: options.range }),
  }),
  'ignores the bound of memory': (store) => ({
    get: (key, options) => store.get(key, { ...options, maxBytes: Number.MAX_SAFE_INTEGER }),
  }),
  'does not delete': () => ({ delete: () => Promise.resolve() }),
  'deletes the object with the part': (store) => ({
    deletePart: async (key) => {
      await store.deletePart(key);
      await store.delete(key);
    },
  }),
};

describe('object store contract', () => {
  it('holds for a sound store', async () => {
    expect(await failingCases(() => createMemoryStore())).toEqual([]);
  });

  it.each(Object.keys(breakages))('notices a store that %s', async (name) => {
    const breakage = breakages[name];
    expect(breakage).toBeDefined();
    if (breakage === undefined) return;
    expect(await failingCases(() => broken(breakage))).not.toEqual([]);
  });
});
