import type { Loss } from '@kops/archive-format';
import type { Clock } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import { readSegmentBatches } from '@kops/repository';
import type { CaptureRecord, NotedLoss, SealedSegment } from './capture-record.ts';
import { adoptSealed, isStored, leftSegments, type LeftSegments } from './left-segments.ts';
import { leftReadSince } from './passed-leftovers.ts';
import type { PartitionSink } from './partition-sink.ts';
import { partitionKey, readSince, type Leftovers } from './recovery.ts';
import { takeAll } from './take-all.ts';
import { tombstonesGone } from './tombstones.ts';

/**
 * Continues a partition from what dead captures left: the losses they have noticed, their sealed segments that follow the sink's position
 * without a gap, then the valid batches of an open segment. What was taken over was read at {@link readSince} at the earliest.
 * Of a partition that nobody can read again all is taken, see {@link takeAll}.
 * @param told losses that an archive tells of which this backup has committed itself
 */
export async function recoverPartition(
  sink: PartitionSink,
  leftovers: Leftovers,
  stores: readonly ObjectStore[],
  clock: Clock,
  told: readonly Loss[] = [],
): Promise<void> {
  const [store] = stores;
  const { captures } = leftovers;
  const key = partitionKey(sink.identity);
  takeLosses(sink, captures, key, told);
  if (store === undefined || captures.length === 0) return;
  const doubt = tombstonesSince(sink, leftovers, clock);
  if (doubt !== undefined) {
    // What can be read again is; otherwise this is all there is.
    if (sink.plan.gone === undefined) return;
    const { position: at } = sink;
    sink.losses.push({ from: at, to: at, reason: 'tombstones-may-be-gone', detail: doubt });
  }
  const take = sink.plan.gone === undefined ? takeFollowing : takeAll;
  await take(sink, stores, leftSegments(leftovers, key));
}

/** Takes what follows the sink's position without a gap. */
async function takeFollowing(
  sink: PartitionSink,
  stores: readonly ObjectStore[],
  { sealed, parts }: LeftSegments,
): Promise<void> {
  const [store] = stores;
  if (store === undefined) return;
  for (;;) {
    const next = await nextSealed(sealed, sink, stores);
    if (next === undefined) break;
    await adoptSealed(sink, store, next);
  }
  // One that begins after a gap cannot be told from one that lacks data: its offsets are fetched again.
  const following = parts.filter(({ from }) => from === sink.position).map((part) => part.key);
  const longest = await longestPart(store, following);
  if (longest === undefined) return;
  for await (const { batch } of readSegmentBatches(store, { part: longest }))
    await sink.append(batch.bytes);
}

/**
 * Leftovers of compacted topics count only as long as no tombstone can have come and gone since they were read: what is the matter, if so. Where nobody
 * can read anything again, the archive that they continue counts as well.
 */
function tombstonesSince(
  { plan }: PartitionSink,
  leftovers: Leftovers,
  clock: Clock,
): string | undefined {
  const since = plan.gone === undefined ? readSince(leftovers) : leftReadSince(plan, leftovers);
  return tombstonesGone([plan.topic.configs], since ?? clock.now(), clock.now());
}

/** Losses that no archive tells of yet, the oldest first. */
function takeLosses(
  sink: PartitionSink,
  captures: readonly CaptureRecord[],
  key: string,
  told: readonly Loss[],
): void {
  const noted = captures.toReversed().flatMap(({ lost }) => lost);
  for (const { loss } of noted.filter((one: NotedLoss) => partitionKey(one) === key)) {
    // It may be read by now; if not, that is told anew.
    if (loss.reason === 'fetch-gave-up') continue;
    const isSame = ({ from, to, reason }: Loss): boolean =>
      from === loss.from && to === loss.to && reason === loss.reason;
    if (![...sink.plan.archivedLosses, ...told, ...sink.losses].some(isSame))
      sink.losses.push(loss);
  }
}

async function nextSealed(
  sealed: readonly SealedSegment[],
  { position }: PartitionSink,
  stores: readonly ObjectStore[],
): Promise<SealedSegment | undefined> {
  for (const one of sealed) {
    if (one.from !== position || one.to <= one.from || one.entry.slice.start < position) continue;
    if (await isStored(stores, one)) return one;
  }
  return undefined;
}

/** The part that reaches farthest: a successor that was killed while it recovered left a copy that ends early. */
async function longestPart(
  store: ObjectStore,
  parts: readonly string[],
): Promise<string | undefined> {
  let [longest] = parts;
  for (let best = -1, at = 0; parts.length > 1 && at < parts.length; at++) {
    const part = parts[at] ?? '';
    const bytes = await validBytes(store, part);
    if (bytes > best) longest = part;
    best = Math.max(best, bytes);
  }
  return longest;
}

async function validBytes(store: ObjectStore, part: string): Promise<number> {
  const batches = readSegmentBatches(store, { part });
  const walk = batches[Symbol.asyncIterator]();
  while ((await walk.next()).done !== true);
  return batches.validBytes;
}
