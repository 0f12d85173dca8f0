import type { Offset } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import type { RecordBatchView } from '@kops/record-batch';
import { readSegmentBatches } from '@kops/repository';
import {
  withoutTruncated,
  type CaptureRecord,
  type NotedLoss,
  type SealedSegment,
} from './capture-record.ts';
import { beginsOfParts } from './left-pieces.ts';
import type { PartitionSink } from './partition-sink.ts';
import { partitionKey, type Leftovers } from './recovery.ts';

/** An open segment of a dead capture, and where it begins. */
export interface LeftPart {
  readonly key: string;
  readonly from: Offset | undefined;
}

/** What of a partition dead captures left, newest capture first. */
export interface LeftSegments {
  readonly sealed: readonly SealedSegment[];
  readonly parts: readonly LeftPart[];
}

/** Finds what dead captures left of a partition, by its {@link partitionKey}. */
export function leftSegments(leftovers: Leftovers, key: string): LeftSegments {
  const begins = beginsOfParts(leftovers);
  const parts = leftovers.parts.get(key) ?? [];
  return {
    sealed: sealedOf(leftovers.captures, key),
    parts: parts.map((part) => ({ key: part, from: begins(part) })),
  };
}

/** Sealed segments of a partition, the newest capture's first; without what newer captures found truncated. */
function sealedOf(captures: readonly CaptureRecord[], key: string): SealedSegment[] {
  const truncations: NotedLoss[] = [];
  return captures.flatMap((capture) => {
    const own = sealedBy(capture).get(key) ?? [];
    const left = truncations.reduce(withoutTruncated, own);
    truncations.push(...capture.lost.filter((one) => partitionKey(one) === key));
    return left;
  });
}

const grouped = new WeakMap<CaptureRecord, ReadonlyMap<string, readonly SealedSegment[]>>();

/** Sealed segments of a capture by partition. Put in order once: it is asked for each of thousands of partitions. */
function sealedBy(capture: CaptureRecord): ReadonlyMap<string, readonly SealedSegment[]> {
  const known = grouped.get(capture) ?? Map.groupBy(capture.sealed, partitionKey);
  grouped.set(capture, known);
  return known;
}

/** Adopts a sealed segment, with the transactions in it. */
export function adoptSealed(
  sink: PartitionSink,
  store: ObjectStore,
  sealed: SealedSegment,
): Promise<void> {
  return sink.adopt(sealed, sealed.entry.transactional ? batchesOf(store, sealed) : undefined);
}

/** The batches of a segment as far as it counts. */
async function* batchesOf(
  store: ObjectStore,
  { entry, from, to }: SealedSegment,
): AsyncGenerator<{ readonly batch: RecordBatchView }> {
  for await (const read of readSegmentBatches(store, { key: entry.key })) {
    if (read.batch.baseOffset >= to) return;
    if (read.batch.nextOffset > from) yield read;
  }
}

/** Whether every copy has a sealed segment: between its page in the journal and its publishing it is a part yet. */
export async function isStored(
  stores: readonly ObjectStore[],
  { entry }: SealedSegment,
): Promise<boolean> {
  const infos = await Promise.all(stores.map((store) => store.head(entry.key)));
  return infos.every((info) => info?.size === entry.storedBytes);
}
