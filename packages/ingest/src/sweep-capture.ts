import { mapLimit } from '@kops/core';
import type { Repository } from '@kops/repository';
import type { BegunCapture } from './begin-capture.ts';
import type { CapturedPartitions } from './captured-partitions.ts';
import { partitionKey } from './recovery.ts';
import { namedSegments, sweepLeftovers } from './sweep.ts';

/** What an ended backup has archived, and where. */
export interface ArchivedCapture {
  /** The one that parents are read from. */
  readonly repository: Repository | undefined;
  readonly cluster: string;
  /** Keys of the capture's segments that its archives show. */
  readonly named: ReadonlySet<string>;
}

/** Removes what is of no use after a backup's last commit: what dead captures left, and what no archive of its own shows. */
export async function sweepCapture(
  partitions: CapturedPartitions,
  { leftovers }: Pick<BegunCapture, 'leftovers'>,
  { repository, cluster, named }: ArchivedCapture,
): Promise<void> {
  const { stores } = partitions;
  const sinks = partitions.allSinks();
  if (repository !== undefined && leftovers.captures.length > 0) {
    const captured = new Set(sinks.map(({ identity }) => partitionKey(identity)));
    await sweepLeftovers(
      leftovers,
      stores,
      (partition) => captured.has(partition),
      await namedSegments(repository, cluster, leftovers),
    );
  }
  // What lies beyond the last cut, or was truncated.
  const unnamed = sinks.flatMap(({ sealedKeys }) => sealedKeys.filter((key) => !named.has(key)));
  for (const store of stores) await mapLimit(unnamed, 8, (key) => store.delete(key));
}
