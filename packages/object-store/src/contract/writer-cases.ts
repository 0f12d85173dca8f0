import { expect } from 'vitest';
import type { ObjectStore, ObjectWriter } from '../port.ts';
import {
  bytesOf,
  collect,
  contentOf,
  expectBytes,
  expectRefusal,
  keysOf,
  patternOf,
  type ContractCase,
} from './contract-case.ts';

async function open(store: ObjectStore, key: string, text: string): Promise<ObjectWriter> {
  const writer = await store.openWriter(key);
  await writer.append([bytesOf(text)]);
  return writer;
}

/** Objects that are written piece by piece. */
export const writerCases: readonly ContractCase[] = [
  {
    name: 'publishes what was appended, in order and whole',
    run: async (store: ObjectStore): Promise<void> => {
      const writer = await store.openWriter('seg/1.log');
      expect(writer.key).toBe('seg/1.log');
      const bytes = patternOf(3000);
      await writer.append([bytes.subarray(0, 1), new Uint8Array(0), bytes.subarray(1, 1000)]);
      await writer.append([]);
      await writer.append(
        Array.from({ length: 2000 }, (_, at) => bytes.subarray(1000 + at, 1001 + at)),
      );
      expect(writer.size).toBe(3000);
      const info = await writer.publish();
      expect(info).toMatchObject({ key: 'seg/1.log', size: 3000 });
      expect(await store.head('seg/1.log')).toEqual(info);
      expectBytes(await store.get('seg/1.log'), bytes);
      expect(await keysOf(store.listParts(''))).toEqual([]);
    },
  },
  {
    name: 'publishes an object without bytes',
    run: async (store: ObjectStore): Promise<void> => {
      const writer = await store.openWriter('empty');
      expect(await writer.publish()).toMatchObject({ size: 0 });
      expectBytes(await store.get('empty'), new Uint8Array(0));
    },
  },
  {
    name: 'does not show an object before it is published',
    run: async (store: ObjectStore): Promise<void> => {
      const writer = await open(store, 'seg/1.log', 'abc');
      await writer.sync();
      expect(await store.head('seg/1.log')).toBeUndefined();
      await expectRefusal(store.get('seg/1.log'), 'KOPS_OBJECT_NOT_FOUND', 'seg/1.log');
      expect(await keysOf(store.list(''))).toEqual([]);
      await writer.discard();
    },
  },
  {
    name: 'lets the caller reuse its memory after an append',
    run: async (store: ObjectStore): Promise<void> => {
      const writer = await store.openWriter('k');
      const memory = Buffer.from('first ');
      await writer.append([memory]);
      memory.set(bytesOf('second'));
      await writer.append([memory]);
      await writer.publish();
      expectBytes(await store.get('k'), bytesOf('first second'));
    },
  },
  {
    name: 'refuses to start an object that is there or under way',
    run: async (store: ObjectStore): Promise<void> => {
      await store.putIfAbsent('there', bytesOf('x'));
      await expectRefusal(store.openWriter('there'), 'KOPS_REFUSED', 'there');
      const writer = await open(store, 'k', 'abc');
      await expectRefusal(store.openWriter('k'), 'KOPS_REFUSED', 'k');
      await writer.publish();
      expectBytes(await store.get('k'), bytesOf('abc'));
    },
  },
  {
    name: 'never publishes over an object that appeared meanwhile; the writer can then be discarded',
    run: async (store: ObjectStore): Promise<void> => {
      const writer = await open(store, 'k', 'late');
      expect(await store.putIfAbsent('k', bytesOf('early'))).toBe('created');
      await expectRefusal(writer.publish(), 'KOPS_REFUSED', 'k');
      await expectRefusal(writer.append([bytesOf('more')]), 'KOPS_REFUSED', 'k');
      await writer.discard();
      expectBytes(await store.get('k'), bytesOf('early'));
      expect(await keysOf(store.listParts(''))).toEqual([]);
    },
  },
  {
    name: 'keeps nothing of a discarded object; the key is free again',
    run: async (store: ObjectStore): Promise<void> => {
      await (await open(store, 'k', 'abc')).discard();
      expect(await keysOf(store.listParts(''))).toEqual([]);
      await (await open(store, 'k', 'def')).publish();
      expectBytes(await store.get('k'), bytesOf('def'));
    },
  },
  {
    name: 'refuses use after the end, and lets a writer be ended twice',
    run: async (store: ObjectStore): Promise<void> => {
      const published = await open(store, 'a', 'abc');
      await published.publish();
      await expectRefusal(published.append([bytesOf('x')]), 'KOPS_UNEXPECTED', 'a');
      await expectRefusal(published.publish(), 'KOPS_UNEXPECTED', 'a');
      await published.discard();
      await published.suspend();
      expectBytes(await store.get('a'), bytesOf('abc'));
      const discarded = await open(store, 'b', 'abc');
      await discarded.discard();
      await expectRefusal(discarded.sync(), 'KOPS_UNEXPECTED', 'b');
    },
  },
  {
    name: 'refuses calls that overlap, and keeps the first',
    run: async (store: ObjectStore): Promise<void> => {
      const writer = await store.openWriter('k');
      const first = writer.append([patternOf(1000)]);
      await expectRefusal(writer.append([bytesOf('x')]), 'KOPS_UNEXPECTED', 'k');
      await first;
      await writer.publish();
      expectBytes(await store.get('k'), patternOf(1000));
    },
  },
  {
    name: 'keeps the part of a suspended writer, where appends are durable',
    run: async (store: ObjectStore): Promise<void> => {
      const writer = await open(store, 'seg/1.log', 'abc');
      await writer.sync();
      await writer.append([bytesOf('de')]);
      await writer.suspend();
      const kept = store.capabilities.durableAppend;
      const parts = await collect(store.listParts('seg/'));
      expect(parts.map(({ key, size }) => ({ key, size }))).toEqual(
        kept ? [{ key: 'seg/1.log', size: 5 }] : [],
      );
      if (kept)
        expectBytes(
          await contentOf(store.readPart('seg/1.log', { pieceBytes: 2 })),
          bytesOf('abcde'),
        );
      else
        await expectRefusal(
          contentOf(store.readPart('seg/1.log')),
          'KOPS_OBJECT_NOT_FOUND',
          'seg/1.log',
        );
    },
  },
  {
    name: 'removes parts, and nothing but parts',
    run: async (store: ObjectStore): Promise<void> => {
      await (await open(store, 'a', 'abc')).suspend();
      await store.putIfAbsent('b', bytesOf('kept'));
      for (const key of ['a', 'a', 'b', 'never/was']) await store.deletePart(key);
      expect(await keysOf(store.listParts(''))).toEqual([]);
      await expectRefusal(contentOf(store.readPart('a')), 'KOPS_OBJECT_NOT_FOUND', 'a');
      expect(await keysOf(store.list(''))).toEqual(['b']);
    },
  },
  {
    name: 'keeps many writers apart',
    run: async (store: ObjectStore): Promise<void> => {
      const keys = Array.from({ length: 40 }, (_, at) => `seg/${String(at % 7)}/${String(at)}.log`);
      const writers = await Promise.all(keys.map((key) => store.openWriter(key)));
      for (const round of ['a', 'b', 'c']) {
        await Promise.all(writers.map((writer) => writer.append([bytesOf(writer.key + round)])));
        await Promise.all(writers.map((writer) => writer.sync()));
      }
      await Promise.all(writers.map((writer) => writer.publish()));
      for (const key of keys) expectBytes(await store.get(key), bytesOf(`${key}a${key}b${key}c`));
    },
  },
];
