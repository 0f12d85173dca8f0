import { parseSegmentKey, type Loss } from '@kops/archive-format';
import type { Offset } from '@kops/core';
import { partitionKey, type Leftovers } from './recovery.ts';

/** A stretch of a log that a dead capture has acknowledged. */
export interface LeftPiece {
  readonly from: Offset;
  /** Where it ends; undefined for an open segment's part, which only reading tells. */
  readonly to: Offset | undefined;
}

/** What dead captures left of a partition. */
export interface LeftOfPartition {
  readonly pieces: readonly LeftPiece[];
  /** What they have noticed to be lost. */
  readonly losses: readonly Loss[];
}

/** What dead captures left, by {@link partitionKey}. Pure, and reads each journal entry once. */
export function leftPieces({ captures, parts }: Leftovers): Map<string, LeftOfPartition> {
  const left = new Map<string, { readonly pieces: LeftPiece[]; readonly losses: Loss[] }>();
  const of = (key: string): { readonly pieces: LeftPiece[]; readonly losses: Loss[] } => {
    const known = left.get(key) ?? { pieces: [], losses: [] };
    left.set(key, known);
    return known;
  };
  for (const { sealed, lost } of captures) {
    for (const one of sealed) of(partitionKey(one)).pieces.push({ from: one.from, to: one.to });
    for (const one of lost) of(partitionKey(one)).losses.push(one.loss);
  }
  const begun = beginsOfParts({ captures });
  for (const [partition, keys] of parts) {
    const { pieces } = of(partition);
    for (const key of keys) {
      const from = begun(key);
      if (from !== undefined) pieces.push({ from, to: undefined });
    }
  }
  return left;
}

/** Where parts begin: where a journal says so, otherwise at their first batch. */
export function beginsOfParts({
  captures,
}: Pick<Leftovers, 'captures'>): (key: string) => Offset | undefined {
  const opened = new Map(
    captures.flatMap((capture) => capture.opened.map(({ key, from }) => [key, from] as const)),
  );
  return (key) => opened.get(key) ?? parseSegmentKey(key)?.baseOffset;
}
