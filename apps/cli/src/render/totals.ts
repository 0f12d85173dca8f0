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

/** `none`, or how many offsets in how many gaps. */
export function formatLosses({ count, offsets }: LossCount): string {
  return count === 0
    ? 'none'
    : coloured('warning', `${counted(offsets, 'offset')} in ${counted(count, 'gap')}`);
}
