import type { RecordHit } from '@kops/catalog';

/** Marks that Elasticsearch puts around matches: of private use, so that next to no text has them. */
export const marks = { before: '\uE000', after: '\uE001' } as const;

const longestCell = 60;
const longestKey = 40;
const contextChars = 24;

/** A hit as the cells of a table. */
export function hitCells(hit: RecordHit): string[] {
  const { archive, topic, partition, offset, timestamp } = hit;
  return [
    archive,
    topic,
    String(partition),
    String(offset),
    timeText(timestamp),
    harmless(clip(textOf(hit.fields, 'key') ?? '', longestKey)),
    harmless(snippet(hit)),
  ];
}

function timeText(timestamp: bigint): string {
  const date = new Date(Number(timestamp));
  return timestamp < 0n || Number.isNaN(date.getTime()) ? '' : date.toISOString();
}

/** A field of `kafka`, if it is a text. */
function textOf(fields: RecordHit['fields'], name: string): string | undefined {
  const kafka = fields['kafka'] as Readonly<Record<string, unknown>> | undefined;
  const value = kafka?.[name];
  return typeof value === 'string' ? value : undefined;
}

/** What matched, else how the value begins. */
function snippet({ fields, highlights }: RecordHit): string {
  const [matched] = highlights['message'] ?? Object.values(highlights)[0] ?? [];
  if (matched !== undefined) return around(matched);
  const { message } = fields;
  return typeof message === 'string' ? clip(message) : '';
}

function around(text: string): string {
  const first = text.indexOf(marks.before);
  const start = first > contextChars ? first - contextChars : 0;
  return `${start > 0 ? '…' : ''}${clip(text.slice(start))}`;
}

function clip(text: string, longest = longestCell): string {
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
