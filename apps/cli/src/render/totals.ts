import { formatCount } from '@kops/service';
import type { LossCount, Totals } from '../archives/archive-summary.ts';

/** A number of records, marked where the archive does not know all. */
export function formatRecords({ records, recordsKnown }: Pick<Totals, 'records' | 'recordsKnown'>): string {
  return `${recordsKnown ? '' : '>='}${formatCount(records)}`;
}

/** `none`, or how many offsets in how many gaps. */
export function formatLosses({ count, offsets }: LossCount): string {
  return count === 0 ? 'none' : `${formatCount(offsets)} offsets in ${formatCount(count)} ${count === 1 ? 'gap' : 'gaps'}`;
}

/** `1 topic`, `2 topics`. */
export function counted(count: number | bigint, noun: string): string {
  return `${formatCount(count)} ${noun}${BigInt(count) === 1n ? '' : 's'}`;
}
