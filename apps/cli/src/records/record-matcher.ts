import { KopsError } from '@kops/core';
import type { KafkaRecord } from '@kops/record-batch';

/** What is looked for, and where. */
export interface MatchRequest {
  readonly pattern: string;
  /** A JavaScript regular expression; else the text as it is. */
  readonly isRegexp: boolean;
  readonly ignoreCase: boolean;
  /** Keys, values and headers, or only one of the first two. */
  readonly parts: 'all' | 'key' | 'value';
}

/** Finds a pattern in records. */
export class RecordMatcher {
  readonly #parts: MatchRequest['parts'];
  readonly #hasMatch: (bytes: Uint8Array) => boolean;
  readonly #everywhere: RegExp;

  /** @throws KOPS_USAGE for an empty pattern, or one that is no regular expression */
  constructor({ pattern, isRegexp, ignoreCase, parts }: MatchRequest) {
    if (pattern === '') {
      throw new KopsError('KOPS_USAGE', 'the pattern is empty and matches every record', {
        hint: "Use 'kops cat' to print all records, or use a pattern that is not empty.",
      });
    }
    const flags = ignoreCase ? 'ui' : 'u';
    const expression = compile(isRegexp ? pattern : literal(pattern), flags);
    this.#everywhere = new RegExp(expression, `${flags}g`);
    this.#parts = parts;
    const bytes = Buffer.from(pattern, 'utf8');
    // Bytes are compared as they are where that can be: they need no decoding, and need be no text.
    this.#hasMatch =
      isRegexp || ignoreCase
        ? (part) => expression.test(asBuffer(part).toString('utf8'))
        : (part) => asBuffer(part).includes(bytes);
  }

  /** Whether the pattern is in one of the record's parts that are looked at. */
  matches({ key, value, headers }: KafkaRecord): boolean {
    if (this.#parts !== 'value' && this.#isIn(key)) return true;
    if (this.#parts !== 'key' && this.#isIn(value)) return true;
    return (
      this.#parts === 'all' &&
      headers.some(
        (header) =>
          this.#isIn(header.keyBytes ?? Buffer.from(header.key, 'utf8')) ||
          this.#isIn(header.value),
      )
    );
  }

  /** Where in a text of a part the pattern is: start and end, in UTF-16 units. Nothing for parts that are not looked at. */
  *spans(text: string, part: 'key' | 'value' | 'header'): Generator<readonly [number, number]> {
    if (this.#parts !== 'all' && this.#parts !== part) return;
    for (const { index, 0: found } of text.matchAll(this.#everywhere))
      if (found !== '') yield [index, index + found.length];
  }

  #isIn(part: Uint8Array | null): boolean {
    return part !== null && this.#hasMatch(part);
  }
}

function compile(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch (thrown) {
    throw new KopsError('KOPS_USAGE', (thrown as Error).message, {
      hint: 'Correct the regular expression (JavaScript, flag u), or remove --regexp to search for the literal text.',
    });
  }
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}

/** The same memory. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
