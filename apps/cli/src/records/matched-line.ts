import type { TerminalView } from '../output/terminal-view.ts';
import type { RecordMatcher } from './record-matcher.ts';
import { formatTimestamp, printable } from './record-line.ts';
import type { ShownBytes, ShownHeader, ShownRecord } from './shown-record.ts';

/** A record with the partition that it is of. */
export interface PlacedRecord extends ShownRecord {
  readonly topic: string;
  readonly partition: number;
}

type Part = 'key' | 'value' | 'header';
type Span = readonly [from: number, to: number];

/** Characters of a part that a line shows at most; fewer on a terminal, so that a record takes a line or two. */
const longestPart = 200;
const shortestPart = 60;
/** Columns that place and time take of a terminal. */
const placeColumns = 40;
/** How much of what is shown stands before the first match. */
const shareBefore = 0.3;

/** Escape sequences around matches. */
const bold = { on: '\u001b[1m', off: '\u001b[22m' } as const;

/** One line of a record that was found: partition, offset, time, key, value, headers; long parts around what matched. */
export function matchedLine(
  { topic, partition, offset, timestamp, key, value, headers }: PlacedRecord,
  matcher: RecordMatcher,
  { isBold, columns = Number.POSITIVE_INFINITY }: TerminalView,
): string {
  const longest = Math.min(longestPart, Math.max(shortestPart, columns - placeColumns));
  const textPart = (text: string, part: Part): string =>
    snippet(text, matcher.spans(text, part), { isBold, longest });
  // What serializers write is no text, and holds some: what was looked for is shown, and base64 would hide it.
  const binaryPart = (base64: string, part: Part): string => {
    const text = Buffer.from(base64, 'base64').toString('utf8');
    return matcher.spans(text, part).next().done === true
      ? `base64:${clipEnd(base64, longest)}`
      : `binary:${textPart(text, part)}`;
  };
  const show = (bytes: ShownBytes, part: Part): string => {
    if (bytes === null) return '(null)';
    if ('base64' in bytes) return binaryPart(bytes.base64, part);
    return bytes.text === '' ? '(empty)' : textPart(bytes.text, part);
  };
  const header = ({ key: name, keyBase64, value: content }: ShownHeader): string =>
    `${show(keyBase64 === undefined ? { text: name } : { base64: keyBase64 }, 'header')}=${show(content, 'header')}`;
  return [
    `${topic}-${String(partition)}`,
    offset,
    formatTimestamp(timestamp),
    show(key, 'key'),
    show(value, 'value'),
    ...(headers.length === 0 ? [] : [`[${headers.map(header).join(', ')}]`]),
  ].join('  ');
}

function clipEnd(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** What stands around the first match, with all matches in it marked. Spans beyond are not asked for. */
function snippet(
  text: string,
  spans: Iterable<Span>,
  { isBold, longest }: { readonly isBold: boolean; readonly longest: number },
): string {
  let shown = '';
  let at = 0;
  let end: number | undefined;
  for (const [from, to] of spans) {
    if (end === undefined) {
      [at, end] = windowAround(text, from, longest);
      shown = at > 0 ? '…' : '';
    }
    if (!isBold || from >= end) break;
    const last = Math.min(to, end);
    shown += `${printable(text.slice(at, from))}${bold.on}${printable(text.slice(from, last))}${bold.off}`;
    at = last;
  }
  end ??= windowAround(text, 0, longest)[1];
  return `${shown}${printable(text.slice(at, end))}${end < text.length ? '…' : ''}`;
}

function windowAround(text: string, match: number, longest: number): [start: number, end: number] {
  if (text.length <= longest) return [0, text.length];
  const before = Math.floor(longest * shareBefore);
  const start = match > before ? whole(text, match - before) : 0;
  return [start, whole(text, Math.min(text.length, start + longest))];
}

/** A position that is not in the middle of a character. */
function whole(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
}
