import { expect } from 'vitest';
import type { ObjectStore } from '../port.ts';
import {
  bytesOf,
  contentOf,
  expectBytes,
  expectRefusal,
  keysOf,
  patternOf,
  type ContractCase,
} from './contract-case.ts';

const badKeys = [
  '',
  '/absolute',
  'a//b',
  'a/',
  '.',
  '..',
  'a/../b',
  'a/./b',
  'a.part',
  'a.part/b',
  'a b',
  'a\\b',
  'a\0b',
  'ä',
  'a%2fb',
  'x'.repeat(1025),
];

/** Objects that are put and read whole. */
export const wholeObjectCases: readonly ContractCase[] = [
  {
    name: 'returns the bytes that were put, also none at all',
    run: async (store: ObjectStore): Promise<void> => {
      for (const bytes of [new Uint8Array(0), bytesOf('one'), patternOf(70_000)]) {
        const key = `whole/${String(bytes.length)}`;
        expect(await store.putIfAbsent(key, bytes)).toBe('created');
        expectBytes(await store.get(key), bytes);
        expectBytes(await contentOf(store.read(key)), bytes);
      }
    },
  },
  {
    name: 'never replaces an object',
    run: async (store: ObjectStore): Promise<void> => {
      expect(await store.putIfAbsent('k', bytesOf('first'))).toBe('created');
      expect(await store.putIfAbsent('k', bytesOf('second'))).toBe('exists');
      expectBytes(await store.get('k'), bytesOf('first'));
    },
  },
  {
    name: 'tells exactly one of many concurrent puts that it created the object',
    run: async (store: ObjectStore): Promise<void> => {
      const contents = Array.from({ length: 16 }, (_, at) => bytesOf(`content ${String(at)}`));
      const answers = await Promise.all(
        contents.map((bytes) => store.putIfAbsent('log/1.json', bytes)),
      );
      expect(answers.filter((answer) => answer === 'created')).toHaveLength(1);
      expectBytes(
        await store.get('log/1.json'),
        contents[answers.indexOf('created')] ?? bytesOf('none'),
      );
      expect(await keysOf(store.list(''))).toEqual(['log/1.json']);
      expect(await keysOf(store.listParts(''))).toEqual([]);
    },
  },
  {
    name: 'keeps its own copy of what was put',
    run: async (store: ObjectStore): Promise<void> => {
      // A Buffer too: its slice() is a view.
      for (const bytes of [bytesOf('before'), Buffer.from('before')]) {
        const key = bytes.constructor.name;
        await store.putIfAbsent(key, bytes);
        bytes.fill(0);
        (await store.get(key)).slice().fill(1);
        (await store.get(key)).fill(1);
        for await (const piece of store.read(key)) piece.fill(1);
        expectBytes(await store.get(key), bytesOf('before'));
      }
    },
  },
  {
    name: 'says what it knows of an object, and undefined of one that is not there',
    run: async (store: ObjectStore): Promise<void> => {
      const before = Date.now();
      await store.putIfAbsent('dir/k', bytesOf('12345'));
      const info = await store.head('dir/k');
      expect(info).toMatchObject({ key: 'dir/k', size: 5 });
      // Clocks of stores differ: a day is enough to catch seconds taken for milliseconds.
      expect(Math.abs((info?.modifiedMs ?? 0) - before)).toBeLessThan(86_400_000);
      expect(await store.head('dir')).toBeUndefined();
      expect(await store.head('other')).toBeUndefined();
      expect(await store.head('dir/k/below')).toBeUndefined();
    },
  },
  {
    name: 'names the object that is not there',
    run: async (store: ObjectStore): Promise<void> => {
      await store.putIfAbsent('dir/k', bytesOf('x'));
      for (const key of ['none', 'dir', 'dir/none', 'dir/k/below', 'no/such/directory']) {
        await expectRefusal(store.get(key), 'KOPS_OBJECT_NOT_FOUND', key);
        await expectRefusal(contentOf(store.read(key)), 'KOPS_OBJECT_NOT_FOUND', key);
      }
    },
  },
  {
    name: 'removes an object, and does nothing when there is none',
    run: async (store: ObjectStore): Promise<void> => {
      await store.putIfAbsent('a/b/k', bytesOf('x'));
      await store.putIfAbsent('a/c', bytesOf('y'));
      await store.delete('a/b/k');
      await store.delete('a/b/k');
      await store.delete('never/was');
      expect(await store.head('a/b/k')).toBeUndefined();
      expect(await keysOf(store.list(''))).toEqual(['a/c']);
      expect(await store.putIfAbsent('a/b/k', bytesOf('again'))).toBe('created');
      expectBytes(await store.get('a/b/k'), bytesOf('again'));
    },
  },
  {
    name: 'refuses keys that are no keys, in every method',
    run: async (store: ObjectStore): Promise<void> => {
      for (const key of badKeys) {
        await expectRefusal(store.putIfAbsent(key, bytesOf('x')), 'KOPS_USAGE', key);
        await expectRefusal(store.get(key), 'KOPS_USAGE', key);
        await expectRefusal(store.head(key), 'KOPS_USAGE', key);
        await expectRefusal(contentOf(store.read(key)), 'KOPS_USAGE', key);
        await expectRefusal(store.openWriter(key), 'KOPS_USAGE', key);
        await expectRefusal(contentOf(store.readPart(key)), 'KOPS_USAGE', key);
        await expectRefusal(store.deletePart(key), 'KOPS_USAGE', key);
        await expectRefusal(store.delete(key), 'KOPS_USAGE', key);
      }
      expect(await keysOf(store.list(''))).toEqual([]);
    },
  },
  {
    name: 'knows its free space as a number of bytes, or says that it does not',
    run: async (store: ObjectStore): Promise<void> => {
      const free = await store.freeBytes();
      expect(free === undefined || free > 0n).toBe(true);
    },
  },
];
