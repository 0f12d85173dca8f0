/*
 * Numbers in JSON follow one rule (docs/CLI.md): what names a place in a log (an offset, the time of a record) is a decimal string,
 * what is counted or measured is a number.
 */

/** Names of counts and sizes that are bigints in code. Every other bigint is an offset or a time of a record. */
const amounts: ReadonlySet<string> = new Set([
  'archivedOffsets',
  'bytes',
  'freeBytes',
  'holes',
  'newBytes',
  'newOffsets',
  'offsets',
  'records',
  'scanned',
  'totalBytes',
]);

/** The document of a record as the catalog has it: its numbers stay numbers, whatever they are called. */
const documentName = 'fields';

/** A JSON number with all its digits. */
const exactNumber = (value: bigint): unknown =>
  (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(value.toString());

function plain(value: unknown, name: string, isDocument: boolean): unknown {
  if (typeof value === 'bigint')
    return isDocument || amounts.has(name) ? exactNumber(value) : value.toString();
  if (Array.isArray(value)) return value.map((item) => plain(item, name, isDocument));
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, below]) => [
      key,
      plain(below, key, isDocument || key === documentName),
    ]),
  );
}

/** JSON of a result, with two spaces: offsets and times of records as decimal strings, counts and sizes as numbers. */
export function toJson(value: unknown): string {
  return JSON.stringify(plain(value, '', false), null, 2);
}
