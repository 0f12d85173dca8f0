import type { GroupFault, Loss } from './schema.ts';

/** Which offsets a loss is about, and why, as a person reads it; without its detail. */
export function describeLoss({ from, to, reason }: Pick<Loss, 'from' | 'to' | 'reason'>): string {
  if (from === to) return `offsets from ${from} on were not captured (${reason})`;
  const offsets = to - from === 1n ? `offset ${from}` : `offsets ${from} to ${to - 1n}`;
  const verb = to - from === 1n ? 'is' : 'are';
  return reason === 'damaged-at-source'
    ? `${offsets} ${verb} damaged at the source (${reason})`
    : `${offsets} ${verb} lost (${reason})`;
}

/** Which group an archive lacks the offsets of, and why. */
export function describeGroupFault({ group, code, detail }: GroupFault): string {
  const what =
    group === null
      ? 'some groups could not be listed'
      : `offsets of group ${group} could not be read`;
  return `${what} (${code}): ${detail}`;
}
