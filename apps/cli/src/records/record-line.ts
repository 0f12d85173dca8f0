import type { ShownBytes, ShownHeader, ShownRecord } from './shown-record.ts';

/** One line of a record for people: offset, time, key, value, headers. What a terminal would act on is escaped. */
export function recordLine({ offset, timestamp, key, value, headers }: ShownRecord): string {
  const parts = [offset, formatTimestamp(timestamp), bytesText(key), bytesText(value)];
  if (headers.length > 0) parts.push(`[${headers.map(headerText).join(', ')}]`);
  return parts.join('  ');
}

function headerText({ key, keyBase64, value }: ShownHeader): string {
  return `${keyBase64 === undefined ? printable(key) : `base64:${keyBase64}`}=${bytesText(value)}`;
}

function bytesText(bytes: ShownBytes): string {
  if (bytes === null) return '(null)';
  if ('base64' in bytes) return `base64:${bytes.base64}`;
  return bytes.text === '' ? '(empty)' : printable(bytes.text);
}

const lastInstant = 8.64e15;

/** An instant in ms since the epoch, as people read it. */
export function formatTimestamp(timestamp: string): string {
  const ms = Number(timestamp);
  if (timestamp === '-1') return '(no time)';
  return Math.abs(ms) <= lastInstant ? new Date(ms).toISOString() : timestamp;
}

const shortEscapes: Readonly<Record<string, string>> = {
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
  '\\': String.raw`\\`,
};

/** Control characters, line separators and marks that turn the direction of text come out as escapes: a record must not write to the terminal. */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Zl}\p{Zp}\\\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (character) =>
      shortEscapes[character] ??
      `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}
