import type { BackupProgress } from '@kops/transport';
import type { AssignedPartition } from './assigned-partition.ts';

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** How far a backup of partitions is. */
export function progressOf(
  partitions: readonly AssignedPartition[],
  agents: number,
): BackupProgress {
  let offsets = 0n;
  let offsetsDone = 0n;
  let bytes = 0;
  let losses = 0;
  for (const { sink, endOffset } of partitions) {
    const done = max(0n, sink.position - sink.plan.resume);
    offsetsDone += done;
    offsets += endOffset < 0n ? done : max(0n, endOffset - sink.plan.resume);
    bytes += sink.bytes;
    losses += sink.told.losses.length;
  }
  return {
    partitions: partitions.length,
    partitionsDone: partitions.filter(({ done }) => done).length,
    offsets,
    offsetsDone,
    bytes: BigInt(bytes),
    agents,
    losses,
  };
}
