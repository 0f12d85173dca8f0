import { KopsError } from '@kops/core';

const redacted = '[redacted]';

/** Names of fields that are never shown, wherever they stand. */
const secretName =
  /pass(word|phrase|wd)|secret|token|credential|authorization|api[-_]?key|private[-_]?key/i;

/** Nothing useful lies deeper; a cycle ends here too. */
const maxDepth = 8;

/** Secrets shorter than this would take half the letters out of every line; they are found by the name of their field only. */
const minSecretLength = 4;

/** Makes values fit for a log: no secrets, offsets as decimal strings, errors with what they carry, bytes as their number. */
export class Redaction {
  readonly #secrets: string[];

  /** @param secrets - Values that must not appear in any text. */
  constructor(secrets: readonly string[]) {
    // Longest first, so that a secret that contains another goes as a whole.
    this.#secrets = secrets
      .filter((secret) => secret.length >= minSecretLength)
      .sort((a, b) => b.length - a.length);
  }

  text(value: string): string {
    return this.#secrets.reduce((text, secret) => text.replaceAll(secret, redacted), value);
  }

  value(value: unknown, depth = 0): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'bigint') return value.toString();
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= maxDepth) return '…';
    if (value instanceof Error) return this.#error(value, depth);
    if (ArrayBuffer.isView(value)) return `${String(value.byteLength)} bytes`;
    if (value instanceof Date) return value.toISOString();
    if (value instanceof Set) return this.value([...value], depth);
    if (value instanceof Map) return this.value(Object.fromEntries(value), depth);
    if (Array.isArray(value)) return value.map((item) => this.value(item, depth + 1));
    return this.fields(value as Record<string, unknown>, depth);
  }

  fields(fields: Readonly<Record<string, unknown>>, depth = 0): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [
        name,
        secretName.test(name) && value !== undefined ? redacted : this.value(value, depth + 1),
      ]),
    );
  }

  #error(error: Error, depth: number): Record<string, unknown> {
    const known = KopsError.is(error)
      ? { code: error.code, at: this.fields({ ...error.at }), hint: error.hint }
      : { name: error.name };
    return {
      ...known,
      message: this.text(error.message),
      stack: this.text(error.stack ?? ''),
      ...(KopsError.is(error) && error.also.length > 0
        ? { also: this.value(error.also, depth + 1) }
        : {}),
      ...(error.cause === undefined ? {} : { cause: this.value(error.cause, depth + 1) }),
    };
  }
}
