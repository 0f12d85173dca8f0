import type { RecordHit } from '@kops/catalog';
import { formatBytes } from '@kops/service';
import { formatTimestamp } from '../records/record-line.ts';

/** Marks that Elasticsearch puts around matches: of private use, so that next to no text has them. */
export const marks = { before: '\uE000', after: '\uE001' } as const;

const contextChars = 24;

/** What is shown of a hit. Matches are between {@link marks}. */
export interface ShownHit {
  readonly archive: string;
  readonly topic: string;
  readonly partition: string;
  readonly offset: string;
  readonly time: string;
  readonly key: string;
  /** What matched in value or headers, else how the value begins, else what there is in its place. */
  readonly record: string;
}

/** A hit for people; of keys and records so many characters. */
export function showHit(hit: RecordHit, longest = { key: 40, record: 60 }): ShownHit {
  const { archive, topic, partition, offset, timestamp } = hit;
  return {
    archive,
    topic,
    partition: String(partition),
    offset: String(offset),
    time: formatTimestamp(String(timestamp)),
    key: harmless(clip(keyOf(hit), longest.key)),
    record: harmless(snippet(hit, longest.record)),
  };
}

/** A field of `kafka`, if it is a text. */
function textOf(fields: RecordHit['fields'], name: string): string | undefined {
  const kafka = fields['kafka'] as Readonly<Record<string, unknown>> | undefined;
  const value = kafka?.[name];
  return typeof value === 'string' ? value : undefined;
}

/** The key, with what matched in it. Elasticsearch marks a keyword as a whole. */
function keyOf({ fields, highlights }: RecordHit): string {
  const key = textOf(fields, 'key') ?? '';
  const text = highlights['kafka.key']?.[0] ?? key;
  // A name says nothing where nobody can read it.
  return textOf(fields, 'key_encoding') === 'base64' ? `base64:${text}` : text;
}

/** What matched in the value, else in a header; else how the value begins. */
function snippet({ fields, highlights }: RecordHit, longest: number): string {
  const [inValue] = highlights['message'] ?? [];
  if (inValue !== undefined) return around(inValue, longest);
  const [inHeader] = highlights['kafka.headers'] ?? [];
  if (inHeader !== undefined) return `header ${around(inHeader, longest)}`;
  const { message } = fields;
  return typeof message === 'string' ? clip(message, longest) : inPlaceOf(fields);
}

/** Why no text stands where the value is looked for. */
function inPlaceOf(fields: RecordHit['fields']): string {
  const kafka = (fields['kafka'] ?? {}) as Readonly<Record<string, unknown>>;
  if (kafka['tombstone'] === true) return '(null)';
  const format = textOf(fields, 'value_format');
  if (format === 'withheld') return '(withheld by a mask)';
  const bytes = kafka['value_bytes'];
  if (typeof bytes !== 'number') return '';
  const size = formatBytes(bytes);
  return format === undefined ? `(${size}, not indexed)` : `(${format}, ${size})`;
}

function around(text: string, longest: number): string {
  const first = text.indexOf(marks.before);
  const start = first > contextChars ? first - contextChars : 0;
  return `${start > 0 ? '…' : ''}${clip(text.slice(start), longest)}`;
}

function clip(text: string, longest: number): string {
  const characters = Array.from(text);
  if (characters.length <= longest) return text;
  const kept = characters.slice(0, longest).join('');
  const isOpen = kept.lastIndexOf(marks.before) > kept.lastIndexOf(marks.after);
  return `${kept}${isOpen ? marks.after : ''}…`;
}

/** Control characters, line separators and marks that turn the direction of text could drive the terminal. */
function harmless(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (character) => (character === '\n' ? '⏎' : character === '\t' ? ' ' : '\uFFFD'),
  );
}

/** Turns marks into bold, or takes them away. */
export function showMarks(line: string, bold: boolean): string {
  return line
    .replaceAll(marks.before, bold ? '\u001b[1m' : '')
    .replaceAll(marks.after, bold ? '\u001b[22m' : '');
}
