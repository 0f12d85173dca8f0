import { open, type FileHandle } from 'node:fs/promises';
import type { RecordSource, RejectedDocument } from '@kops/catalog';
import { cleanReason } from '../clean-reason.ts';
import type { DeadLetter } from '../dead-letter.ts';

/** Collects what is refused of one piece in a file, which is made with the first. */
export class DeadLetterSpool implements AsyncDisposable {
  readonly #path: string;
  readonly #source: RecordSource;
  readonly #hasPipeline: boolean;
  #handle: Promise<FileHandle> | undefined;

  constructor(path: string, source: RecordSource, hasPipeline: boolean) {
    this.#path = path;
    this.#source = source;
    this.#hasPipeline = hasPipeline;
  }

  /** Where the file is, if there is one. */
  get path(): string | undefined {
    return this.#handle === undefined ? undefined : this.#path;
  }

  async add({ id, index, status, type, reason }: RejectedDocument): Promise<void> {
    const { archive, topic, partition, segment } = this.#source;
    const letter: DeadLetter = {
      archive,
      topic,
      partition,
      // Ids end in the offset.
      offset: id.slice(id.lastIndexOf('.') + 1),
      segment,
      id,
      index,
      status,
      type,
      reason: cleanReason(type, reason, this.#hasPipeline),
    };
    this.#handle ??= open(this.#path, 'w', 0o600);
    const handle = await this.#handle;
    await handle.appendFile(`${JSON.stringify(letter)}\n`, 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#handle)?.close();
  }
}
