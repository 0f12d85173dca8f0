import type { Loss } from './schema.ts';

/** Which offsets a loss is about, and why, as a person reads it; without its detail. */
export function describeLoss({ from, to, reason }: Pick<Loss, 'from' | 'to' | 'reason'>): string {
  if (from === to) return `nothing could be captured from offset ${from} on (${reason})`;
  const offsets = to - from === 1n ? `offset ${from}` : `offsets ${from} to ${to - 1n}`;
  const verb = to - from === 1n ? 'is' : 'are';
  return reason === 'damaged-at-source'
    ? `${offsets} ${verb} damaged at the source (${reason})`
    : `${offsets} ${verb} lost (${reason})`;
}
