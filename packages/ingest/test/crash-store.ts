import type { ObjectInfo, ObjectStore, ObjectWriter } from '@kops/object-store';
import { createMemoryStore } from '@kops/object-store/memory';

interface OpenPart {
  readonly bytes: Uint8Array[];
  synced: number;
}

/**
 * A memory store that can crash: {@link crash} gives what a machine finds after a power cut. Of parts all that was synced is left,
 * and of what was not a random share. Writes fail on demand.
 */
export class CrashStore {
  readonly store: ObjectStore;
  readonly #memory = createMemoryStore();
  readonly #parts = new Map<string, OpenPart>();
  /** Called before each write; throws to make it fail. */
  onWrite: (what: 'append' | 'sync' | 'publish' | 'put') => Promise<void> | void = () => undefined;

  constructor() {
    const memory = this.#memory;
    this.store = {
      url: memory.url,
      capabilities: memory.capabilities,
      get: (...args) => memory.get(...args),
      read: (...args) => memory.read(...args),
      head: (key) => memory.head(key),
      list: (...args) => memory.list(...args),
      listParts: (prefix) => memory.listParts(prefix),
      readPart: (...args) => memory.readPart(...args),
      deletePart: (key) => memory.deletePart(key),
      delete: (key) => memory.delete(key),
      freeBytes: () => memory.freeBytes(),
      close: () => memory.close(),
      putIfAbsent: async (key, bytes) => {
        await this.onWrite('put');
        return memory.putIfAbsent(key, bytes);
      },
      openWriter: async (key) => this.#watch(await memory.openWriter(key)),
    };
  }

  /** What is left, as a store of its own. `share` in [0, 1): how much of the unsynced bytes made it to the disk. */
  async crash(share: number): Promise<CrashStore> {
    const after = new CrashStore();
    for await (const { key } of this.#memory.list('')) {
      await after.#memory.putIfAbsent(key, await this.#memory.get(key));
    }
    const left: ObjectInfo[] = [];
    for await (const info of this.#memory.listParts('')) left.push(info);
    for (const { key } of left) {
      const pieces: Uint8Array[] = [];
      for await (const piece of this.#memory.readPart(key)) pieces.push(piece);
      const bytes = Buffer.concat(pieces);
      const synced = this.#parts.get(key)?.synced ?? bytes.length;
      const writer = await after.#memory.openWriter(key);
      await writer.append([
        bytes.subarray(0, synced + Math.floor((bytes.length - synced) * share)),
      ]);
      await writer.suspend();
    }
    return after;
  }

  #watch(writer: ObjectWriter): ObjectWriter {
    const part: OpenPart = { bytes: [], synced: 0 };
    this.#parts.set(writer.key, part);
    return {
      key: writer.key,
      get size() {
        return writer.size;
      },
      append: async (parts) => {
        await this.onWrite('append');
        await writer.append(parts);
      },
      sync: async () => {
        const { size } = writer;
        await this.onWrite('sync');
        await writer.sync();
        part.synced = Math.max(part.synced, size);
      },
      publish: async () => {
        await this.onWrite('publish');
        return writer.publish();
      },
      suspend: () => writer.suspend(),
      discard: () => writer.discard(),
    };
  }
}
