/** A range in a query string: `field:[a TO b]`, `field:{a TO b}`, `field:>=a`. */
export interface QueryRange {
  /** Without escapes; undefined where the query names none. */
  readonly field: string | undefined;
  /** The range as it stands in the query, with its field. */
  readonly text: string;
  /** As they stand in the query: with their quotes; `*` for an open end. */
  readonly bounds: readonly string[];
}

/** One piece of a query string. Quoted texts and regular expressions come first: what looks like syntax in them is none. */
const pieces = new RegExp(
  [
    String.raw`(?<quoted>"(?:\\[\s\S]|[^"\\])*"?)`,
    String.raw`(?<regexp>(?<=^|[\s(:])\/(?:\\[\s\S]|[^/\\])*\/?)`,
    String.raw`(?<range>[[{](?:"(?:\\[\s\S]|[^"\\])*"?|\\[\s\S]|[^\]}"\\])*[\]}]?)`,
    String.raw`(?<compared>[<>]=?\s*(?:"(?:\\[\s\S]|[^"\\])*"?|(?:\\[\s\S]|[^\s()"\\])*))`,
    String.raw`(?<opened>\()`,
    String.raw`(?<closed>\))`,
    String.raw`(?<name>(?:\\[\s\S]|[^\s()[\]{}<>":\\])+)\s*:`,
    String.raw`(?<word>(?:\\[\s\S]|[^\s()[\]{}<>":\\])+)`,
    String.raw`(?<other>[\s\S])`,
  ].join('|'),
  'g',
);

/**
 * The ranges of a query in Elasticsearch's query string syntax. A field before a group holds for all that is in the group:
 * `field:(>=10 AND <20)` are two ranges of `field`. Never throws: what cannot be parsed is left to Elasticsearch to refuse.
 */
export function* queryRanges(query: string): Generator<QueryRange> {
  const groups: (string | undefined)[] = [];
  let named: string | undefined;
  for (const { groups: piece, 0: text } of query.matchAll(pieces)) {
    if (piece?.['name'] !== undefined) {
      named = piece['name'].replaceAll(/\\([\s\S])/g, '$1');
      continue;
    }
    if (/^\s*$/.test(text)) continue;
    const field = named ?? groups.at(-1);
    const bounds = boundsOf(piece);
    if (bounds !== undefined)
      yield { field, text: `${field === undefined ? '' : `${field}:`}${text}`, bounds };
    else if (piece?.['opened'] !== undefined) groups.push(field);
    else if (piece?.['closed'] !== undefined) groups.pop();
    named = undefined;
  }
}

function boundsOf(piece: Readonly<Record<string, string | undefined>> | undefined) {
  const { range, compared } = piece ?? {};
  if (range !== undefined) return range.replaceAll(/^[[{]\s*|\s*[\]}]$/g, '').split(/\s+TO\s+/);
  return compared === undefined ? undefined : [compared.replace(/^[<>]=?\s*/, '')];
}
