import type { Writable } from 'node:stream';

/** Characters gathered before they are written. */
const bufferedLength = 64 * 1024;

/** Whether a stream failed because nobody reads it any more: a pipe without reader, or a terminal that was closed. */
export function isReaderGone(error: unknown, stream: { readonly isTTY?: boolean }): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  // What failed before was reported then.
  if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') return true;
  return code === 'EIO' && stream.isTTY === true;
}

/** Writes much text to a stream in large pieces, no faster than it is taken. */
export class TextOutput {
  readonly #stream: Writable;
  readonly #failed: (error: Error) => Error;
  #text = '';
  #isGone = false;

  /** @param failed what is thrown when the stream fails; the stream's error itself unless given */
  constructor(stream: Writable, failed: (error: Error) => Error = (error) => error) {
    this.#stream = stream;
    this.#failed = failed;
    stream.once('error', (error) => {
      this.#isGone ||= isReaderGone(error, this.#stream as { isTTY?: boolean });
    });
  }

  /** True when the reader has gone, as `head` does: there is nobody to write for. */
  get isGone(): boolean {
    return this.#isGone;
  }

  async write(text: string): Promise<void> {
    if (this.add(text)) await this.flush();
  }

  /** Gathers a text. Whoever calls it must flush when it says so: it saves a promise a text. */
  add(text: string): boolean {
    this.#text += text;
    return this.#text.length >= bufferedLength;
  }

  /** Resolves when all is handed over. @throws the error of the stream, unless its reader is gone */
  async flush(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    if (text === '' || this.#isGone) return;
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(text, (error) => {
        this.#isGone ||= isReaderGone(error, this.#stream as { isTTY?: boolean });
        if (error instanceof Error && !this.#isGone) reject(this.#failed(error));
        else resolve();
      });
    });
  }
}
