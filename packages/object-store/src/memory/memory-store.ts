import { throwIfAborted } from '@kops/core';
import { assertWithin, resolvePieceBytes, resolveRange } from '../byte-range.ts';
import { assertKey, assertPrefix } from '../key.ts';
import type {
  ByteRange,
  ObjectInfo,
  ObjectStore,
  ObjectWriter,
  StoreCapabilities,
} from '../port.ts';
import { objectExists, objectNotFound } from '../store-error.ts';
import { MemoryWriter } from './memory-writer.ts';

/** Options of {@link createMemoryStore}. */
export interface MemoryStoreOptions {
  /** False makes it behave like a store whose objects become durable only when published. Default true. */
  readonly durableAppend?: boolean;
}

/** What is kept of an object or a part. */
export interface StoredBytes {
  readonly bytes: Uint8Array;
  readonly modifiedMs: number;
}

class MemoryStore implements ObjectStore {
  readonly url = 'memory:';
  readonly capabilities: StoreCapabilities;
  readonly #objects = new Map<string, StoredBytes>();
  readonly #parts = new Map<string, MemoryWriter>();

  constructor(options: MemoryStoreOptions) {
    this.capabilities = { durableAppend: options.durableAppend ?? true };
  }

  async get(
    key: string,
    options: { range?: ByteRange; maxBytes?: number; signal?: AbortSignal } = {},
  ): Promise<Uint8Array> {
    throwIfAborted(options.signal);
    const { bytes } = this.#find(key);
    const { start, end } = resolveRange(key, bytes.length, options.range);
    assertWithin(key, end - start, options.maxBytes);
    // A copy: what the caller does with its bytes must not reach the stored ones.
    return bytes.slice(start, end);
  }

  async *read(
    key: string,
    options: { range?: ByteRange; pieceBytes?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<Uint8Array> {
    const { bytes } = this.#find(key);
    const pieceBytes = resolvePieceBytes(key, options.pieceBytes);
    const { start, end } = resolveRange(key, bytes.length, options.range);
    yield* pieces(bytes.subarray(start, end), pieceBytes, options.signal);
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    assertKey(key);
    const stored = this.#objects.get(key);
    return stored === undefined ? undefined : describe(key, stored);
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    assertKey(key);
    if (this.#objects.has(key)) return 'exists';
    // A copy (not slice(), which is a view where it is a Buffer's).
    this.#objects.set(key, { bytes: new Uint8Array(bytes), modifiedMs: Date.now() });
    return 'created';
  }

  async openWriter(key: string): Promise<ObjectWriter> {
    assertKey(key);
    if (this.#objects.has(key)) throw objectExists(key, 'object');
    if (this.#parts.has(key)) throw objectExists(key, 'unfinished object');
    const writer = new MemoryWriter(key, {
      publish: (stored) => this.#publish(key, stored),
      release: (keep) => {
        if (!keep || !this.capabilities.durableAppend) this.#parts.delete(key);
      },
    });
    this.#parts.set(key, writer);
    return writer;
  }

  async *list(prefix: string, options: { startAfter?: string } = {}): AsyncGenerator<ObjectInfo> {
    assertPrefix(prefix);
    const after = options.startAfter;
    for (const key of [...this.#objects.keys()].sort()) {
      if (!key.startsWith(prefix) || (after !== undefined && key <= after)) continue;
      const info = await this.head(key);
      if (info !== undefined) yield info;
    }
  }

  async *listParts(prefix: string): AsyncGenerator<ObjectInfo> {
    assertPrefix(prefix);
    if (!this.capabilities.durableAppend) return;
    for (const key of [...this.#parts.keys()]) {
      const part = this.#parts.get(key);
      if (part !== undefined && key.startsWith(prefix)) yield describe(key, part.stored());
    }
  }

  async *readPart(
    key: string,
    options: { pieceBytes?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<Uint8Array> {
    assertKey(key);
    const part = this.capabilities.durableAppend ? this.#parts.get(key) : undefined;
    if (part === undefined) throw objectNotFound(key);
    yield* pieces(part.stored().bytes, resolvePieceBytes(key, options.pieceBytes), options.signal);
  }

  async deletePart(key: string): Promise<void> {
    assertKey(key);
    this.#parts.delete(key);
  }

  async delete(key: string): Promise<void> {
    assertKey(key);
    this.#objects.delete(key);
  }

  freeBytes(): Promise<bigint | undefined> {
    return Promise.resolve(undefined);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #find(key: string): StoredBytes {
    assertKey(key);
    const stored = this.#objects.get(key);
    if (stored === undefined) throw objectNotFound(key);
    return stored;
  }

  #publish(key: string, stored: StoredBytes): ObjectInfo {
    if (this.#objects.has(key)) throw objectExists(key, 'object');
    this.#objects.set(key, stored);
    this.#parts.delete(key);
    return describe(key, stored);
  }
}

function describe(key: string, stored: StoredBytes): ObjectInfo {
  return { key, size: stored.bytes.length, modifiedMs: stored.modifiedMs };
}

function* pieces(
  bytes: Uint8Array,
  pieceBytes: number,
  signal: AbortSignal | undefined,
): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    throwIfAborted(signal);
    // A copy: the stored bytes must not be reachable by the caller.
    yield bytes.slice(start, start + pieceBytes);
  }
}

/** A store in memory, for tests and for trying things out. It is gone with the process. */
export function createMemoryStore(options: MemoryStoreOptions = {}): ObjectStore {
  return new MemoryStore(options);
}
