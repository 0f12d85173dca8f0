/** Writes bytes durably as the archiver does: in frames, synced at most every 50 ms beside the appends, sealed at 64 MiB. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObjectStore, ObjectWriter } from '@kops/object-store';
import { openFileStore } from '@kops/object-store/file';

const frameBytes = 256 * 1024;
const segmentBytes = 64 * 1024 * 1024;
const syncMs = 50;
/** What an agent may have unacknowledged per stream. */
const unsyncedBytes = 8 * 1024 * 1024;

interface Settings {
  readonly folder: string;
  readonly bytes: number;
  readonly writers: number;
}

/** Writes one object; a sync is always under way or due soon, and appends wait when too much is not yet durable. */
async function writeObject(writer: ObjectWriter, bytes: number, frame: Uint8Array): Promise<void> {
  let durable = 0;
  let lastSync = performance.now();
  let syncing: Promise<void> | undefined;
  const sync = async (): Promise<void> => {
    const size = writer.size;
    lastSync = performance.now();
    await writer.sync();
    durable = size;
    syncing = undefined;
  };
  while (writer.size < bytes) {
    await writer.append([frame.subarray(0, Math.min(frame.length, bytes - writer.size))]);
    if (performance.now() - lastSync >= syncMs) syncing ??= sync();
    while (writer.size - durable > unsyncedBytes) await (syncing ??= sync());
  }
  await syncing;
  await writer.publish();
}

async function writeAll(
  store: ObjectStore,
  name: string,
  bytes: number,
  frame: Uint8Array,
): Promise<void> {
  for (let start = 0; start < bytes; start += segmentBytes) {
    const writer = await store.openWriter(`${name}/${String(start)}.log`);
    await writeObject(writer, Math.min(segmentBytes, bytes - start), frame);
  }
}

async function storedBytes(store: ObjectStore): Promise<number> {
  let bytes = 0;
  for await (const { size } of store.list('')) bytes += size;
  return bytes;
}

const { folder, bytes, writers } = JSON.parse(process.argv[2] ?? '') as Settings;
const directory = await mkdtemp(join(folder, 'written-'));
try {
  const store = await openFileStore(directory);
  const shares = Array.from(
    { length: writers },
    (_, part) => Math.floor((bytes * (part + 1)) / writers) - Math.floor((bytes * part) / writers),
  );
  const frame = randomBytes(frameBytes);
  const started = performance.now();
  await Promise.all(shares.map((share, part) => writeAll(store, `w${String(part)}`, share, frame)));
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(JSON.stringify({ seconds, amount: await storedBytes(store) }));
  await store.close();
} finally {
  await rm(directory, { recursive: true, force: true });
}
