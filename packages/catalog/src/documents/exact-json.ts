/*
 * JSON without loss of digits. `JSON.parse` makes doubles of numbers: 12345678901234567890 and 1.10 come back otherwise.
 * A reviver sees the source of each number, at several times the cost, so it runs only where a text may have such a number.
 */

declare const raw: unique symbol;

/** A number as it was written; `JSON.stringify` writes it so again. */
export interface RawNumber {
  readonly [raw]: true;
  readonly rawJSON: string;
}

/** `JSON` as Node has it (TC39: JSON.parse source text access); the type library does not yet. */
interface SourceJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
}

const sourceJson = JSON as unknown as SourceJson;

/**
 * Numbers that a double may not give back as written: minus zero, many digits, exponents, trailing zeros, tiny ones. They stand
 * after one of `:,[`, which keeps most digits inside of texts out; a text that matches anyway only costs time.
 */
const delicateNumber =
  /(?:^|[:,[])\s*(?:-0(?![.0-9])|-?(?:(?:[0-9]\.?){16}|[0-9]+(?:\.[0-9]+)?[eE]|[0-9]+\.[0-9]*0(?![0-9])|0\.000000))/;

/** Parses JSON; numbers that a double would change are {@link RawNumber}s. */
export function parseKeepingDigits(text: string): unknown {
  if (!delicateNumber.test(text)) return JSON.parse(text) as unknown;
  return sourceJson.parse(text, (_, value, { source }) =>
    typeof value === 'number' && source !== undefined && JSON.stringify(value) !== source
      ? sourceJson.rawJSON(source)
      : value,
  );
}

/** Whether a value stands for a number as it was written. */
export function isRawNumber(value: unknown): value is RawNumber {
  return sourceJson.isRawJSON(value);
}

/** A 64-bit number for `JSON.stringify`, with all of its digits. */
export function longValue(value: bigint): number | RawNumber {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : sourceJson.rawJSON(value.toString());
}

/** Parses JSON; whole numbers beyond 2^53 are bigints. */
export function parseWithBigints(text: string): unknown {
  if (!/[0-9]{16}/.test(text)) return JSON.parse(text) as unknown;
  return sourceJson.parse(text, (_, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?[0-9]+$/.test(source ?? '')
      ? BigInt(source ?? '')
      : value,
  );
}

/** JSON of values with bigints, as {@link parseWithBigints} reads them. */
export function stringifyWithBigints(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'bigint' ? longValue(item) : item,
  );
}
