import type { Writable } from 'node:stream';

/** Characters gathered before they are written. */
const bufferedLength = 64 * 1024;

/** Whether a stream failed because its reader is gone. */
export function isReaderGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'EPIPE';
}

/** Writes much text to a stream in large pieces, no faster than it is taken. */
export class TextOutput {
  readonly #stream: Writable;
  #text = '';
  #isGone = false;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.once('error', (error) => {
      this.#isGone ||= isReaderGone(error);
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
        this.#isGone ||= isReaderGone(error);
        if (error instanceof Error && !this.#isGone) reject(error);
        else resolve();
      });
    });
  }
}
