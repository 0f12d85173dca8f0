import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeCommit, encodeManifest, sha256Hex, type Manifest } from '@kops/archive-format';
import { KopsError } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import { openFileStore } from '@kops/object-store/file';
import { createMemoryStore } from '@kops/object-store/memory';
import { createRepository, openArchive, openRepository, type Archive } from '@kops/repository';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import {
  describeVerifyReport,
  parseSubset,
  verifyArchive,
  verifyExitCode,
  verifyReportToJson,
  type VerifyOptions,
  type VerifyReport,
} from '../src/index.ts';
import { batchOf, commit, markerOf, type PartitionSpec } from './fixture.ts';

const specs: readonly PartitionSpec[] = [
  {
    segments: [
      [batchOf(0, 3), batchOf(3, 1, { codec: 'lz4' })],
      [
        batchOf(4, 2, { producerId: 7n, producerEpoch: 0, isTransactional: true }),
        markerOf(6, 7n, 'commit'),
      ],
    ],
  },
  {
    segments: [
      [batchOf(10, 2, { partitionLeaderEpoch: 1 }), batchOf(12, 1, { partitionLeaderEpoch: 3 })],
    ],
  },
  { segments: [] },
];

interface Made {
  readonly store: ObjectStore;
  readonly archive: Archive;
  readonly keys: readonly string[];
}

/** A small real repository: two commits, so that one of them has a commit after it. */
async function make(store: ObjectStore = createMemoryStore()): Promise<Made> {
  const repository = await createRepository(store);
  await commit(repository, [{ segments: [[batchOf(0, 1)]] }]);
  const before = new Set(await keysOf(store));
  const ref = await commit(repository, specs);
  const archive = await openArchive(repository, ref);
  // What the archive needs: its own objects, the commits before it, and repository.json; not the other archive's objects.
  const keys = (await keysOf(store)).filter(
    (key) => !before.has(key) || key.startsWith('commits/') || key === 'repository.json',
  );
  return { store, archive, keys };
}

async function keysOf(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  return keys;
}

async function replace(store: ObjectStore, key: string, bytes: Uint8Array): Promise<void> {
  await store.delete(key);
  await store.putIfAbsent(key, bytes);
}

const verify = (archive: Archive, more: Partial<VerifyOptions> = {}): Promise<VerifyReport> =>
  verifyArchive({ archive, level: 'structure', ...more });

/** As an operator would: a fresh process opens the repository, so damage may stop it at the door, with exit code 20 and the object's name. */
async function verifyAnew(
  store: ObjectStore,
  id: string,
  level: VerifyOptions['level'],
): Promise<{ exit: number; text: string }> {
  try {
    const archive = await openArchive(await openRepository(store), id);
    const report = await verify(archive, { level });
    return { exit: verifyExitCode(report), text: JSON.stringify(verifyReportToJson(report)) };
  } catch (thrown) {
    if (!KopsError.is(thrown)) throw thrown;
    return {
      exit: thrown.exitCode,
      text: `${thrown.message} ${Object.values(thrown.at).join(' ')}`,
    };
  }
}

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function fileStore(): Promise<ObjectStore> {
  const folder = await mkdtemp(join(tmpdir(), 'kops-verify-'));
  folders.push(folder);
  return openFileStore(join(folder, 'repository'), { create: true });
}

describe('a sound archive', () => {
  it.each(['manifest', 'checksum', 'structure'] as const)(
    'passes at the level %s',
    async (level) => {
      const { archive } = await make();
      const report = await verify(archive, { level });
      expect(report.findings).toEqual([]);
      expect(report).toMatchObject({ status: 'ok', isEmpty: false, partitions: 3, topics: 1 });
      expect(report.segments).toEqual({ read: level === 'manifest' ? 0 : 3, total: 3 });
      expect(report.bytes.read).toBe(level === 'manifest' ? 0 : report.bytes.total);
      expect(report.batches).toBe(level === 'structure' ? 6 : 0);
      expect(report.records).toBe(level === 'structure' ? 10 : 0);
      expect(verifyExitCode(report)).toBe(0);
    },
  );

  it('passes on worker threads with the same counts', async () => {
    const { archive } = await make(await fileStore());
    const here = await verify(archive, { workers: 0 });
    const there = await verify(archive, { workers: 2 });
    expect(here.status).toBe('ok');
    expect({ ...there, startedAt: '', durationMs: 0 }).toEqual({
      ...here,
      startedAt: '',
      durationMs: 0,
    });
  });

  it('that shows no record says so and passes', async () => {
    const repository = await createRepository(createMemoryStore());
    const ref = await commit(repository, [{ segments: [] }, { segments: [] }]);
    const report = await verify(await openArchive(repository, ref));
    expect(report).toMatchObject({ status: 'ok', isEmpty: true });
    expect(describeVerifyReport(report)[0]).toContain('the archive is empty');
    expect(verifyExitCode(report)).toBe(0);
  });
});

describe('damage', () => {
  it.each(['checksum', 'structure'] as const)(
    'of any byte of any object that the archive needs is found at the level %s, and the object is named',
    async (level) => {
      const { store, archive, keys } = await make();
      const id = archive.ref.archive;
      const kinds = new Set(keys.map((key) => key.split('/')[0]));
      expect(kinds).toEqual(
        new Set(['repository.json', 'commits', 'manifests', 'lists', 'segments']),
      );
      const sound = new Map<string, Uint8Array>();
      for (const key of keys) sound.set(key, await store.get(key));
      // By object first: a small one is as likely as a large one.
      const places = fc
        .constantFrom(...sound)
        .chain(([key, bytes]) => fc.tuple(fc.constant(key), fc.nat(bytes.length - 1)));
      await fc.assert(
        fc.asyncProperty(places, fc.integer({ min: 1, max: 255 }), async ([key, at], flip) => {
          const bytes = Buffer.from(sound.get(key)!);
          bytes[at] = bytes[at]! ^ flip;
          await replace(store, key, bytes);
          const { exit, text } = await verifyAnew(store, id, level);
          await replace(store, key, sound.get(key)!);
          expect(exit).toBe(20);
          expect(text).toContain(key);
        }),
        { numRuns: 500 },
      );
      expect((await verifyAnew(store, id, level)).exit).toBe(0);
    },
  );

  it('of any byte of repository.json and of the commits is found one by one, at the door', async () => {
    const { store, archive, keys } = await make();
    for (const key of keys.filter((name) => /^(repository|commits)/.test(name))) {
      const sound = Buffer.from(await store.get(key));
      for (let position = 0; position < sound.length; position++) {
        const bytes = Buffer.from(sound);
        bytes[position] = bytes[position]! ^ 1;
        await replace(store, key, bytes);
        const listing = openRepository(store).then((opened) => opened.archives());
        await expect(listing).rejects.toMatchObject({
          code: 'KOPS_MANIFEST_INVALID',
          at: { object: key },
          hint: expect.stringContaining('another copy') as string,
        });
        const report = await verify(archive, { level: 'manifest' });
        expect(report.findings.map(({ at }) => at.object)).toContain(key);
      }
      await replace(store, key, sound);
    }
    expect((await verify(archive, { level: 'manifest' })).status).toBe('ok');
  });

  it.each(['checksum', 'structure'] as const)(
    'of any byte of a segment is found at the level %s',
    async (level) => {
      const { store, archive, keys } = await make();
      for (const key of keys.filter((name) => name.startsWith('segments/'))) {
        const sound = Buffer.from(await store.get(key));
        for (let position = 0; position < sound.length; position++) {
          const bytes = Buffer.from(sound);
          bytes[position] = bytes[position]! ^ 0x10;
          await replace(store, key, bytes);
          const report = await verify(archive, { level });
          expect(report.status).toBe('damaged');
          expect(
            report.findings.every(({ at }) => at.segment === key && at.topic === 'orders'),
          ).toBe(true);
        }
        await replace(store, key, sound);
      }
      expect((await verify(archive, { level })).status).toBe('ok');
    },
  );

  it.each([0, 2])(
    'of several segments is found in all of them, with %i workers',
    async (workers) => {
      const { store, archive, keys } = await make(await fileStore());
      const segments = keys.filter((key) => key.startsWith('segments/'));
      for (const key of segments) {
        const bytes = Buffer.from(await store.get(key));
        bytes[bytes.length - 1] = bytes.at(-1)! ^ 1;
        await replace(store, key, bytes);
      }
      const report = await verify(archive, { workers });
      const crc = report.findings.filter(({ code }) => code === 'KOPS_BATCH_CORRUPT');
      expect(new Set(crc.map(({ at }) => at.segment))).toEqual(new Set(segments));
      expect(crc.every(({ at }) => at.offset !== undefined)).toBe(true);
      expect(report.segments.read).toBe(3);
    },
  );

  it.each(['manifest', 'checksum', 'structure'] as const)(
    'by a missing, a shorter and a longer segment is found at the level %s',
    async (level) => {
      const { store, archive, keys } = await make();
      const [missing = '', shorter = '', longer = ''] = keys.filter((key) =>
        key.startsWith('segments/'),
      );
      await store.delete(missing);
      await replace(store, shorter, (await store.get(shorter)).slice(0, -5));
      await replace(store, longer, Buffer.concat([await store.get(longer), Buffer.from('x')]));
      const report = await verify(archive, { level });
      const found = (key: string): string[] =>
        report.findings.filter(({ at }) => at.object === key).map(({ code }) => code);
      expect(found(missing)).toEqual(['KOPS_OBJECT_NOT_FOUND']);
      expect(found(shorter)).toContain('KOPS_OBJECT_CORRUPT');
      expect(found(longer)).toContain('KOPS_OBJECT_CORRUPT');
    },
  );

  it('of one list is one finding, and the other partitions are still read', async () => {
    const { store, archive, keys } = await make();
    const list = keys.find(
      (key) =>
        key.startsWith('lists/') && key.includes(archive.manifest.topics[0]!.partitions[0]!.list!),
    )!;
    await replace(store, list, Buffer.from('{}'));
    const report = await verify(archive);
    expect(report.counts.error).toBe(1);
    expect(report.findings[0]).toMatchObject({
      code: 'KOPS_MANIFEST_INVALID',
      at: { object: list, topic: 'orders', partition: 0 },
    });
    expect(report.segments).toEqual({ read: 1, total: 1 });
  });

  it('of the manifest by someone who also forged its commit is found by the lists', async () => {
    const { store, archive } = await make();
    const forged = JSON.parse(Buffer.from(encodeManifest(archive.manifest)).toString()) as Manifest;
    const partition = forged.topics[0]!.partitions[0]! as {
      records: number;
      plaintextBytes: number;
    };
    partition.records = 5;
    partition.plaintextBytes += 1;
    const bytes = encodeManifest(forged);
    const { ref } = archive;
    await replace(store, ref.manifest.key, bytes);
    const manifest = { ...ref.manifest, sha256: sha256Hex(bytes), bytes: bytes.byteLength };
    await replace(
      store,
      `commits/main/${String(ref.sequence).padStart(20, '0')}.json`,
      encodeCommit({ ...ref, manifest }),
    );
    const report = await verify(await openArchive(await openRepository(store), ref.archive));
    expect(report.findings.map(({ message }) => message)).toEqual([
      expect.stringContaining('bytes, the list contains'),
      expect.stringContaining('records, the list contains 7'),
    ]);
  });

  it('of a commit before the archive is found, and of the chain by a missing one', async () => {
    const { store, archive } = await make();
    const first = `commits/main/${'1'.padStart(20, '0')}.json`;
    await store.delete(first);
    const report = await verify(archive);
    expect(report.findings).toMatchObject([
      { code: 'KOPS_MANIFEST_INVALID', at: { object: first } },
    ]);
    expect(report.segments.read).toBe(3);
  });
});

describe('losses', () => {
  it('end with 21, and with 20 when something is damaged too', async () => {
    const repository = await createRepository(createMemoryStore());
    const loss = { from: 0n, to: 5n, reason: 'retention' as const, detail: 'overtaken' };
    const ref = await commit(repository, [
      { segments: [[batchOf(5, 2)]], fields: { logStart: 0n, losses: [loss] } },
    ]);
    const archive = await openArchive(repository, ref);
    const report = await verify(archive);
    expect(report).toMatchObject({ status: 'incomplete', counts: { error: 0, loss: 1, info: 0 } });
    expect(report.findings[0]).toMatchObject({
      severity: 'loss',
      at: { topic: 'orders', partition: 0, offset: 0n },
    });
    expect(verifyExitCode(report)).toBe(21);
    const [segment] = (await archive.segments({ topic: 'orders', partition: 0 })).segments;
    await repository.store.delete(segment!.key);
    const both = await verify(archive);
    expect(both.counts).toMatchObject({ loss: 1 });
    expect(verifyExitCode(both)).toBe(20);
    expect(both.findings[0]?.severity).toBe('error');
  });
});

describe('a subset', () => {
  const many: PartitionSpec[] = Array.from({ length: 60 }, () => ({ segments: [[batchOf(0, 4)]] }));

  it('of sevenths reads every segment once in seven runs, always the same ones', async () => {
    const repository = await createRepository(createMemoryStore());
    const archive = await openArchive(repository, await commit(repository, many));
    let read = 0;
    for (let part = 1; part <= 7; part++) {
      const report = await verify(archive, { subset: `${String(part)}/7` });
      expect((await verify(archive, { subset: `${String(part)}/7` })).segments).toEqual(
        report.segments,
      );
      expect(report).toMatchObject({ status: 'ok', subset: `${String(part)}/7` });
      read += report.segments.read;
    }
    expect(read).toBe(60);
  });

  it('by share and by bytes reads about so much, at least one segment', async () => {
    const repository = await createRepository(createMemoryStore());
    const archive = await openArchive(repository, await commit(repository, many));
    expect((await verify(archive, { subset: '50%' })).segments.read).toBe(30);
    expect((await verify(archive, { subset: '0.1%' })).segments.read).toBe(1);
    expect((await verify(archive, { subset: '10GiB' })).segments.read).toBe(60);
  });

  it('that selects nothing fails with 20', async () => {
    const { archive } = await make();
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        verify(archive, { subset: `${String(index + 1)}/40` }),
      ),
    );
    const none = outcomes.filter(({ segments }) => segments.read === 0);
    expect(none.length).toBeGreaterThanOrEqual(37);
    expect(none.every((report) => verifyExitCode(report) === 20)).toBe(true);
    expect(none[0]?.findings).toMatchObject([{ code: 'KOPS_NOTHING_COMPARED' }]);
  });

  it.each(['0/7', '8/7', '0%', '101%', '10GB', '-1/3', '', '1/7/2'])("is not '%s'", (text) => {
    expect(() => parseSubset(text)).toThrow(expect.objectContaining({ code: 'KOPS_USAGE' }));
  });
});

describe('threads', () => {
  it('that cannot do their work fail the verification instead of hanging', async () => {
    const { archive } = await make(await fileStore());
    const nowhere: Archive = {
      ...archive,
      ref: archive.ref,
      manifest: archive.manifest,
      repository: new Proxy(archive.repository, {
        get: (target, name) =>
          name === 'store'
            ? new Proxy(target.store, {
                get: (store, field) =>
                  field === 'url' ? 'file:///nowhere/at/all' : bound(store, field),
              })
            : bound(target, name),
      }),
    };
    await expect(verify(nowhere, { workers: 2 })).rejects.toSatisfy((error) =>
      KopsError.is(error, 'KOPS_UNEXPECTED'),
    );
  });

  it('stop when the verification is interrupted', async () => {
    const { archive } = await make(await fileStore());
    const stop = new AbortController();
    const work = verify(archive, {
      workers: 2,
      signal: stop.signal,
      onProgress: ({ phase }) => {
        if (phase === 'segments') stop.abort();
      },
    });
    await expect(work).rejects.toSatisfy((error) => KopsError.is(error, 'KOPS_INTERRUPTED'));
  });
});

function bound(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === 'function' ? (value.bind(target) as unknown) : value;
}
