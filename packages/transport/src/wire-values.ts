import { KopsError, isTopicId, type TopicId } from '@kops/core';

/** What a peer sent that this version cannot read: another version's message, or no kops peer at all. */
export function unreadable(what: string): KopsError {
  return new KopsError(
    'KOPS_FORMAT_UNSUPPORTED',
    `cannot decode a message from the peer: ${what}`,
    {
      hint: 'Run the same version of kops on agents, archiver and command line.',
    },
  );
}

/** A 64-bit count as a number. @throws KOPS_FORMAT_UNSUPPORTED above 2^53 - 1 */
export function toSafeNumber(value: bigint, what: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw unreadable(`${what} ${value.toString()}`);
  return number;
}

/** @throws KOPS_FORMAT_UNSUPPORTED unless 32 hex digits */
export function toTopicId(text: string): TopicId {
  if (!isTopicId(text)) throw unreadable(`topic id "${text}"`);
  return text;
}

/** The key of a table of names by wire value. @throws KOPS_FORMAT_UNSUPPORTED for a value that is not in it */
export function nameOf<Name extends string>(
  table: Readonly<Record<Name, number>>,
  value: number,
  what: string,
): Name {
  for (const name of Object.keys(table) as Name[]) if (table[name] === value) return name;
  throw unreadable(`${what} ${String(value)}`);
}

/** The given text when it is one of the known ones. @throws KOPS_FORMAT_UNSUPPORTED otherwise */
export function oneOf<Name extends string>(
  names: readonly Name[],
  text: string,
  what: string,
): Name {
  const name = names.find((known) => known === text);
  if (name === undefined) throw unreadable(`${what} "${text}"`);
  return name;
}
