import { clusterPathName, parseSegmentKey, type Loss } from '@kops/archive-format';
import { KopsError, systemClock, type Clock } from '@kops/core';
import type { ObjectInfo, ObjectStore } from '@kops/object-store';
import { readSegmentBatches } from '@kops/repository';
import type { RecordBatchView } from '@kops/record-batch';
import {
  readCaptures,
  withoutTruncated,
  type CaptureRecord,
  type NotedLoss,
  type SealedSegment,
} from './capture-record.ts';
import { ownerState } from './owner.ts';
import type { PartitionSink } from './partition-sink.ts';
import { tombstonesGone } from './tombstones.ts';

/** What ended captures left in a store. */
export interface Leftovers {
  /** Captures of the same cluster that ended without removing their pins, newest first. */
  readonly captures: readonly CaptureRecord[];
  /** Whether nobody else may own what lies about: no capture of another host that cannot be asked. */
  readonly sweepable: boolean;
  /** Keys of segments under way when the capture began, by {@link partitionKey}. */
  readonly parts: ReadonlyMap<string, readonly string[]>;
  /** Other objects that were under way then: a put that was killed. */
  readonly puts: readonly ObjectInfo[];
}

export const noLeftovers: Leftovers = {
  captures: [],
  sweepable: false,
  parts: new Map(),
  puts: [],
};

/** One string for a partition of a life of a topic. */
export function partitionKey({
  topicId,
  partition,
}: {
  readonly topicId: string;
  readonly partition: number;
}): string {
  return `${topicId}/${String(partition)}`;
}

/** How long one that begins at the same time may take to make up its mind, in ms. */
const rivalMs = 5_000;
const rivalPollMs = 100;

/**
 * Finds what dead captures of a cluster left in a store. The own journal must have begun: of two captures at least one sees the other
 * then, and nobody goes on who sees a living one. Of two that begin at once, the one with the smaller id waits for the other to give way.
 * @throws KOPS_HELD when a living one captures the cluster into the same store
 */
export async function findLeftovers(
  store: ObjectStore,
  cluster: string,
  own: { readonly capture: string; readonly running: ReadonlySet<string> },
  clock: Clock = systemClock,
): Promise<Leftovers> {
  const deadline = clock.monotonic() + rivalMs;
  for (;;) {
    const others = (await readCaptures(store)).filter(
      (record) => record.cluster === cluster && record.capture !== own.capture,
    );
    const states = await Promise.all(others.map((record) => stateOf(record, own.running)));
    const captures = others.filter((_, index) => states[index] === 'dead');
    const rivals = others.filter((_, index) => states[index] === 'alive');
    const sweepable = !states.includes('unknown');
    const [rival] = rivals;
    if (rival === undefined) return describeLeftovers(store, cluster, captures, sweepable);
    const mayGiveWay = rivals.every(({ begun, capture }) => !begun && capture > own.capture);
    if (!mayGiveWay || clock.monotonic() > deadline) throw held(store, rival);
    await clock.sleep(rivalPollMs);
  }
}

async function describeLeftovers(
  store: ObjectStore,
  cluster: string,
  captures: CaptureRecord[],
  sweepable: boolean,
): Promise<Leftovers> {
  if (captures.length === 0) return { ...noLeftovers, sweepable };
  captures.sort((a, b) => b.startedAtMs - a.startedAtMs);
  return { captures, sweepable, ...(await findParts(store, cluster)) };
}

async function findParts(
  store: ObjectStore,
  cluster: string,
): Promise<Pick<Leftovers, 'parts' | 'puts'>> {
  const parts = new Map<string, string[]>();
  const puts: ObjectInfo[] = [];
  for await (const info of store.listParts('')) {
    const segment = parseSegmentKey(info.key);
    if (segment === undefined) puts.push(info);
    if (segment?.cluster !== clusterPathName(cluster)) continue;
    const key = partitionKey(segment);
    parts.set(key, [...(parts.get(key) ?? []), info.key]);
  }
  return { parts, puts };
}

async function stateOf(
  record: CaptureRecord,
  running: ReadonlySet<string>,
): Promise<'alive' | 'dead' | 'unknown'> {
  if (record.released) return 'dead';
  const state = await ownerState(record.owner);
  const ours = state === 'alive' && record.owner.pid === process.pid;
  return ours && !running.has(record.capture) ? 'dead' : state;
}

function held(store: ObjectStore, { owner, capture }: CaptureRecord): KopsError {
  return new KopsError(
    'KOPS_HELD',
    `another backup of this cluster runs into the same repository (process ${String(owner.pid)} on ${owner.host})`,
    {
      at: { repository: store.url, object: capture },
      hint: 'Wait for it to end or stop it; or give this backup another repository.',
    },
  );
}

/**
 * Continues a partition from what dead captures left: the losses they have noticed, their sealed segments that follow the sink's position
 * without a gap, then the valid batches of an open segment. What was taken over was read at {@link readSince} at the earliest.
 */
export async function recoverPartition(
  sink: PartitionSink,
  leftovers: Leftovers,
  stores: readonly ObjectStore[],
  clock: Clock,
): Promise<void> {
  const [store] = stores;
  const { captures } = leftovers;
  const key = partitionKey(sink.identity);
  takeLosses(sink, captures, key);
  if (store === undefined || captures.length === 0) return;
  const doubt = tombstonesSince(sink, leftovers, clock);
  if (doubt !== undefined) {
    // What can be read again is; of a topic that is gone this is all there is.
    if (sink.plan.gone === undefined) return;
    const { position: at } = sink;
    sink.losses.push({ from: at, to: at, reason: 'tombstones-may-be-gone', detail: doubt });
  }
  const sealed = sealedOf(captures, key);
  for (;;) {
    const next = await nextSealed(sealed, sink, stores);
    if (next !== undefined)
      await sink.adopt(next, next.entry.transactional ? batchesOf(store, next) : undefined);
    else if (!(await passLoss(sink))) break;
  }
  const begun = new Map(
    captures.flatMap(({ opened }) => opened.map(({ key: part, from }) => [part, from] as const)),
  );
  const parts = leftovers.parts.get(key) ?? [];
  // One that begins after a gap cannot be told from one that lacks data: its offsets are fetched again.
  const following = parts.filter(
    (part) => (begun.get(part) ?? parseSegmentKey(part)?.baseOffset) === sink.position,
  );
  await recoverPart(sink, store, following);
}

/**
 * When the oldest of what dead captures left may have been read, ms since the epoch; undefined where there is nothing. A capture's own start does
 * not tell: it may have taken over what one before it had read.
 */
export function readSince({ captures }: Leftovers): number | undefined {
  return captures.length === 0
    ? undefined
    : Math.min(...captures.map(({ startedAtMs }) => startedAtMs));
}

/** A compacted topic's leftovers count only as long as no tombstone can have come and gone since they were read: what is the matter, if so. */
function tombstonesSince(
  { plan }: PartitionSink,
  leftovers: Leftovers,
  clock: Clock,
): string | undefined {
  const sinceMs = readSince(leftovers) ?? clock.now();
  return tombstonesGone([plan.topic.configs], sinceMs, clock.now());
}

/** Losses that no archive tells of yet, the oldest first. */
function takeLosses(sink: PartitionSink, captures: readonly CaptureRecord[], key: string): void {
  const noted = captures.toReversed().flatMap(({ lost }) => lost);
  for (const { loss } of noted.filter((one: NotedLoss) => partitionKey(one) === key)) {
    // It may be read by now; if not, that is told anew.
    if (loss.reason === 'fetch-gave-up') continue;
    const isSame = ({ from, to, reason }: Loss): boolean =>
      from === loss.from && to === loss.to && reason === loss.reason;
    if (![...sink.plan.archivedLosses, ...sink.losses].some(isSame)) sink.losses.push(loss);
  }
}

/** Sealed segments of a partition, the newest capture's first; without what newer captures found truncated. */
function sealedOf(captures: readonly CaptureRecord[], key: string): SealedSegment[] {
  const truncations: NotedLoss[] = [];
  return captures.flatMap((capture) => {
    const own = capture.sealed.filter((one) => partitionKey(one) === key);
    const left = truncations.reduce(withoutTruncated, own);
    truncations.push(...capture.lost.filter((one) => partitionKey(one) === key));
    return left;
  });
}

/** Moves over offsets that a dead capture has found lost. Only where nobody can be asked: a log tells what of it is left. */
async function passLoss(sink: PartitionSink): Promise<boolean> {
  const { position, losses, plan } = sink;
  const loss = losses.find(
    ({ from, to, reason }) => from === position && to > from && reason === 'retention',
  );
  if (plan.gone === undefined || loss === undefined) return false;
  await sink.skipTo(loss.to, plan.snapshot.logStart);
  return true;
}

/** The batches of a segment up to where it counts. */
async function* batchesOf(
  store: ObjectStore,
  { entry, to }: SealedSegment,
): AsyncGenerator<{ readonly batch: RecordBatchView }> {
  for await (const read of readSegmentBatches(store, { key: entry.key })) {
    if (read.batch.baseOffset >= to) return;
    yield read;
  }
}

async function nextSealed(
  sealed: readonly SealedSegment[],
  { position }: PartitionSink,
  stores: readonly ObjectStore[],
): Promise<SealedSegment | undefined> {
  for (const one of sealed) {
    if (one.from !== position || one.to <= one.from || one.entry.slice.start < position) continue;
    if (await isStored(stores, one.entry)) return one;
  }
  return undefined;
}

async function isStored(
  stores: readonly ObjectStore[],
  entry: { key: string; storedBytes: number },
): Promise<boolean> {
  const infos = await Promise.all(stores.map((store) => store.head(entry.key)));
  return infos.every((info) => info?.size === entry.storedBytes);
}

/** Appends the part that reaches farthest: a successor that was killed while it recovered left a copy that ends early. */
async function recoverPart(
  sink: PartitionSink,
  store: ObjectStore,
  parts: readonly string[],
): Promise<void> {
  let [longest] = parts;
  for (let best = -1, at = 0; parts.length > 1 && at < parts.length; at++) {
    const part = parts[at] ?? '';
    const bytes = await validBytes(store, part);
    if (bytes > best) longest = part;
    best = Math.max(best, bytes);
  }
  if (longest === undefined) return;
  for await (const { batch } of readSegmentBatches(store, { part: longest }))
    await sink.append(batch.bytes);
}

async function validBytes(store: ObjectStore, part: string): Promise<number> {
  const batches = readSegmentBatches(store, { part });
  const walk = batches[Symbol.asyncIterator]();
  while ((await walk.next()).done !== true);
  return batches.validBytes;
}
