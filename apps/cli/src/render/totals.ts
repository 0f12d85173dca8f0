import { counted, formatCount } from '@kops/core';
import { coloured } from '../output/colour.ts';
import type { LossCount, Totals } from '../archives/archive-summary.ts';

/** A number of records, marked where the archive does not know all. */
export function formatRecords({
  records,
  recordsKnown,
}: Pick<Totals, 'records' | 'recordsKnown'>): string {
  return `${recordsKnown ? '' : '>='}${formatCount(records)}`;
}

/** `none`, or how many offsets in how many gaps. The offsets of a topic that was deleted or could not be read on are not known. */
export function formatLosses({ count, offsets }: LossCount): string {
  if (count === 0) return 'none';
  return coloured(
    'warning',
    offsets === 0n
      ? `${counted(count, 'loss')} of unknown extent`
      : `${counted(offsets, 'offset')} in ${counted(count, 'gap')}`,
  );
}
