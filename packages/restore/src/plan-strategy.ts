import type { PartitionManifest } from '@kops/archive-format';
import { counted } from '@kops/core';
import type { PartitionContents, RestoreOptions } from './plan.ts';

/** Why the records of a partition cannot keep their offsets by produce; empty when they can. Without `contents` only what the manifest tells. */
export function mappingReasons(
  partition: PartitionManifest,
  options: RestoreOptions,
  contents?: PartitionContents,
): string[] {
  const reasons: string[] = [];
  if (partition.logStart > 0n)
    reasons.push(`the log starts at offset ${String(partition.logStart)}`);
  const holes = partition.holes?.offsets ?? contents?.holes ?? 0n;
  if (holes > 0n) reasons.push(`${counted(holes, 'offset')} without a record (holes)`);
  if (partition.losses.length > 0) reasons.push(counted(partition.losses.length, 'loss'));
  const markers = contents?.controlBatches ?? 0;
  if (markers > 0) reasons.push(`${counted(markers, 'transaction marker')} not restored`);
  // Their markers lie beyond the cut, so that none of the archive tells of them.
  const unfinished = partition.openTransactions.filter(
    ({ firstOffset, outcome }) => firstOffset < partition.cut && outcome !== 'committed',
  ).length;
  if (unfinished > 0)
    reasons.push(`${counted(unfinished, 'transaction')} uncommitted at the cut not restored`);
  if (options.window !== undefined) reasons.push('a time window omits records');
  if (options.records !== undefined) reasons.push('only selected records');
  return reasons;
}
