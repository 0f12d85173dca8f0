import { z } from 'zod';
import { KopsError } from '@kops/core';
import { parseBytes, parseDuration } from '../quantities.ts';

/*
 * The kinds of single settings. Each takes the text form too, since that is what environment variables, flags and
 * `${NAME}` in the file give. A failure's message completes "expected …".
 */

const secrets = new WeakSet<z.ZodType>();

/** Whether a value of this schema must not be shown. */
export function isSecret(schema: z.ZodType): boolean {
  return secrets.has(schema);
}

const expectations = new WeakMap<z.ZodType, string>();

/** What completes "expected …" for a setting of this schema; undefined for one that is no single value. */
export function expectedOf(schema: z.ZodType): string | undefined {
  return expectations.get(schema);
}

/** A schema of one value; `expected` completes "expected …". */
export function setting<T>(
  expected: string,
  parse: (value: unknown) => T | undefined,
): z.ZodType<T> {
  const schema = z.unknown().transform((value, context): T => {
    const parsed = parse(value);
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: 'custom', message: expected, input: value });
    return z.NEVER;
  });
  expectations.set(schema, expected);
  return schema;
}

/** Text that is not empty. */
export function text(expected = 'a string'): z.ZodType<string> {
  return setting(expected, (value) =>
    typeof value === 'string' && value !== '' ? value : undefined,
  );
}

/** Text that is never shown. */
export function secretText(expected: string): z.ZodType<string> {
  const schema = text(expected);
  secrets.add(schema);
  return schema;
}

/** One of some words, as written. */
export function word<const T extends string>(words: readonly T[]): z.ZodType<T> {
  return setting(`one of ${words.join(', ')}`, (value) => words.find((known) => known === value));
}

/** true or false. */
export function truth(expected = 'true or false'): z.ZodType<boolean> {
  return setting(expected, (value) => {
    if (value === true || value === 'true') return true;
    return value === false || value === 'false' ? false : undefined;
  });
}

/** Permissions of files, in octal digits: the owner reads and writes, nobody executes. YAML reads `0640` as the number 640: its digits count. */
export function fileMode(): z.ZodType<string> {
  return setting("the permissions of files in octal, such as '0600' or '0640'", (value) => {
    const digits = typeof value === 'number' ? String(value) : value;
    return typeof digits === 'string' && /^0?6[0246]{2}$/.test(digits)
      ? digits.padStart(4, '0')
      : undefined;
  });
}

function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0
    ? number
    : undefined;
}

/** Runs a parser of people's notation; undefined where it refuses. */
function understood(parse: (text: string) => number, value: string): number | undefined {
  try {
    return parse(value);
  } catch (error) {
    if (KopsError.is(error, 'KOPS_USAGE')) return undefined;
    throw error;
  }
}

function quantity(
  expected: string,
  parse: (text: string) => number,
  [least, most]: readonly [number, number],
): z.ZodType<number> {
  return setting(expected, (value) => {
    const plain = wholeNumber(value);
    const amount =
      plain === undefined && typeof value === 'string' ? understood(parse, value) : plain;
    return amount !== undefined && amount >= least && amount <= most ? amount : undefined;
  });
}

/** Bytes: a number, or a text such as `64MiB`. */
export function byteSize(expected: string, range: readonly [number, number]): z.ZodType<number> {
  return quantity(expected, parseBytes, range);
}

/** Milliseconds: a number, or a text such as `5m`. */
export function duration(expected: string, range: readonly [number, number]): z.ZodType<number> {
  return quantity(expected, parseDuration, range);
}

/** A list, or its items in one text with commas between; each item goes through `parse`. */
function list<T>(expected: string, parse: (item: unknown) => T | undefined): z.ZodType<T[]> {
  return setting(expected, (value) => {
    const items: readonly unknown[] | undefined = Array.isArray(value) ? value : split(value);
    if (items === undefined || items.length === 0) return undefined;
    const parsed = items.map(parse);
    return parsed.every((item) => item !== undefined) ? parsed : undefined;
  });
}

function split(value: unknown): unknown[] | undefined {
  if (typeof value === 'number') return [value];
  return typeof value === 'string' ? value.split(',').map((item) => item.trim()) : undefined;
}

/** A list of texts. */
export function textList(
  expected: string,
  isItem: (item: string) => boolean = (item) => item !== '',
): z.ZodType<string[]> {
  return list(expected, (item) => (typeof item === 'string' && isItem(item) ? item : undefined));
}

/** A list of whole numbers, 0 or more. */
export function numberList(expected: string): z.ZodType<number[]> {
  return list(expected, wholeNumber);
}

/** Whether a text is `host:port`; IPv6 hosts in brackets. */
export function isHostPort(value: string): boolean {
  const port = Number(/^(?:\[[0-9a-fA-F:.]+\]|[^\s:/,]+):(\d{1,5})$/.exec(value)?.[1] ?? NaN);
  return port >= 1 && port <= 65535;
}

/** One `host:port`. */
export function hostPort(expected: string, isValid = isHostPort): z.ZodType<string> {
  return setting(expected, (value) =>
    typeof value === 'string' && isValid(value) ? value : undefined,
  );
}
