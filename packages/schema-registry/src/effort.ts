import { malformed, Undecodable } from './undecodable.ts';

/** Values in values at most; what protobuf's own readers allow. */
export const maxDepth = 100;

/** Characters of JSON of a record at most. */
export const maxJsonCharacters = 16 * 1024 * 1024;

/**
 * What decoding one record may cost. Every value pays for the text that it becomes, those that take no bytes too: ten bytes
 * can say that an array of nulls has 2^62 items.
 */
export class Effort {
  #characters: number;
  #depth = 0;

  constructor(characters = maxJsonCharacters) {
    this.#characters = characters;
  }

  /** Pays for text and returns it. */
  pay(text: string): string {
    this.payFor(text.length);
    return text;
  }

  /** Pays for so many characters. */
  payFor(characters: number): void {
    this.#characters -= characters;
    if (this.#characters < 0) throw new Undecodable('tooLarge', 'more JSON than is allowed');
  }

  /** Runs the reading of a value that holds values. */
  nested<T>(read: () => T): T {
    if (++this.#depth > maxDepth) malformed('nested too deep');
    const result = read();
    // Not in a finally: who threw does not go on.
    this.#depth--;
    return result;
  }
}
