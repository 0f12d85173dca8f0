import type { ObjectInfo, ObjectWriter } from '../port.ts';
import { WriterGate } from '../writer-gate.ts';
import type { StoredBytes } from './memory-store.ts';

/** What a writer asks of the store that it writes to. */
interface MemoryWriterHost {
  publish(stored: StoredBytes): ObjectInfo;
  release(keep: boolean): void;
}

/** An object under way in memory. */
export class MemoryWriter implements ObjectWriter {
  readonly key: string;
  readonly #host: MemoryWriterHost;
  readonly #gate: WriterGate;
  #parts: Uint8Array[] = [];
  #size = 0;

  constructor(key: string, host: MemoryWriterHost) {
    this.key = key;
    this.#host = host;
    this.#gate = new WriterGate(key);
  }

  get size(): number {
    return this.#size;
  }

  /** All that was appended, as one array. */
  stored(): StoredBytes {
    const bytes = new Uint8Array(this.#size);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    this.#parts = [bytes];
    return { bytes, modifiedMs: Date.now() };
  }

  append(parts: readonly Uint8Array[]): Promise<void> {
    return this.#gate.run(() => {
      for (const part of parts) {
        // A copy: the caller may reuse its arrays.
        this.#parts.push(new Uint8Array(part));
        this.#size += part.length;
      }
      return Promise.resolve();
    });
  }

  sync(): Promise<void> {
    return this.#gate.sync(() => Promise.resolve());
  }

  publish(): Promise<ObjectInfo> {
    return this.#gate.run(() => {
      const info = this.#host.publish(this.stored());
      this.#gate.markEnded();
      return Promise.resolve(info);
    });
  }

  suspend(): Promise<void> {
    return this.#end(true);
  }

  discard(): Promise<void> {
    return this.#end(false);
  }

  #end(keep: boolean): Promise<void> {
    return this.#gate.end(() => {
      this.#host.release(keep);
      return Promise.resolve();
    });
  }
}
