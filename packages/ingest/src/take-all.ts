import type { Offset } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import { readSegmentBatches } from '@kops/repository';
import type { SealedSegment } from './capture-record.ts';
import { adoptSealed, isStored, type LeftPart, type LeftSegments } from './left-segments.ts';
import type { PartitionSink } from './partition-sink.ts';

/**
 * Takes all that dead captures have acknowledged of a partition from the sink's position on. Nobody can read it again, so runs that overlap are put
 * together, and what none of them has between two runs is a loss.
 */
export async function takeAll(
  sink: PartitionSink,
  stores: readonly ObjectStore[],
  left: LeftSegments,
): Promise<void> {
  const [store] = stores;
  if (store === undefined) return;
  const sealed = new Covering(left.sealed);
  let parts = left.parts;
  for (;;) {
    const { position } = sink;
    const next = await sealed.at(position, stores);
    if (next !== undefined) await adoptFrom(sink, store, next);
    else {
      parts = await appendPart(sink, store, parts);
      if (sink.position > position || (await passLoss(sink))) continue;
      const behind = await nextRun(sink, store, stores, { sealed: left.sealed, parts });
      if (behind === undefined) return;
      await passGap(sink, behind);
    }
  }
}

/** Sealed segments by where they begin; asked for positions that only grow. */
class Covering {
  readonly #waiting: readonly SealedSegment[];
  #at = 0;
  #covering: SealedSegment[] = [];

  constructor(sealed: readonly SealedSegment[]) {
    this.#waiting = sealed.toSorted((a, b) => (a.from < b.from ? -1 : Number(a.from > b.from)));
  }

  /** The segment that reaches farthest of those that have a position. */
  async at(position: Offset, stores: readonly ObjectStore[]): Promise<SealedSegment | undefined> {
    for (let one = this.#waiting[this.#at]; one !== undefined && one.from <= position;) {
      this.#covering.push(one);
      one = this.#waiting[++this.#at];
    }
    this.#covering = this.#covering.filter(({ to }) => to > position);
    const farthest = this.#covering.toSorted((a, b) => (a.to > b.to ? -1 : Number(a.to < b.to)));
    for (const one of farthest) if (await isStored(stores, one)) return one;
    return undefined;
  }
}

/** Adopts a segment from the sink's position on: it may begin before. */
async function adoptFrom(
  sink: PartitionSink,
  store: ObjectStore,
  sealed: SealedSegment,
): Promise<void> {
  const { position } = sink;
  const { entry, from, to } = sealed;
  if (from === position) return adoptSealed(sink, store, sealed);
  // Only a hole of the log is left of it.
  if (entry.slice.end <= position) return sink.skipTo(to, sink.plan.snapshot.logStart);
  const start = entry.slice.start > position ? entry.slice.start : position;
  const rest = { ...entry, slice: { ...entry.slice, start } };
  return adoptSealed(sink, store, { ...sealed, from: position, entry: rest });
}

/** Moves over offsets that a dead capture has found lost. */
async function passLoss(sink: PartitionSink): Promise<boolean> {
  const { position, losses, plan } = sink;
  const loss = losses.find(
    ({ from, to, reason }) => from <= position && to > position && reason === 'retention',
  );
  if (loss === undefined) return false;
  await sink.skipTo(loss.to, plan.snapshot.logStart);
  return true;
}

/** Appends the part that reaches farthest of those that have the sink's position, and seals it. Returns the parts that may have more. */
async function appendPart(
  sink: PartitionSink,
  store: ObjectStore,
  parts: readonly LeftPart[],
): Promise<readonly LeftPart[]> {
  const { position } = sink;
  const begun = parts.filter(({ from }) => from !== undefined && from <= position);
  if (begun.length === 0) return parts;
  const rest = parts.filter((part) => !begun.includes(part));
  const longest = begun.length === 1 ? begun[0] : await farthestOf(store, begun);
  if (longest === undefined) return rest;
  for await (const { batch } of readSegmentBatches(store, { part: longest.key }))
    if (batch.nextOffset > position) await sink.append(batch.bytes);
  await sink.seal();
  return rest;
}

async function farthestOf(
  store: ObjectStore,
  parts: readonly LeftPart[],
): Promise<LeftPart | undefined> {
  let farthest: LeftPart | undefined;
  let best = -1n;
  for (const part of parts) {
    const end = await endOf(store, part);
    if (end > best) farthest = part;
    if (end > best) best = end;
  }
  return farthest;
}

/** Where the valid batches of a part end; -1n where there are none. */
async function endOf(store: ObjectStore, { key }: LeftPart): Promise<Offset> {
  let end = -1n;
  for await (const { batch } of readSegmentBatches(store, { part: key })) end = batch.nextOffset;
  return end;
}

/** Where the next run begins that has anything; undefined where there is none that could not be read again. */
async function nextRun(
  sink: PartitionSink,
  store: ObjectStore,
  stores: readonly ObjectStore[],
  { sealed, parts }: LeftSegments,
): Promise<Offset | undefined> {
  const { readableFrom } = sink.plan;
  const isBehind = (from: Offset | undefined): from is Offset =>
    from !== undefined &&
    from > sink.position &&
    (readableFrom === undefined || from < readableFrom);
  const begins: Offset[] = [];
  for (const one of sealed)
    if (isBehind(one.from) && (await isStored(stores, one))) begins.push(one.from);
  for (const part of parts)
    if (isBehind(part.from) && (await endOf(store, part)) > part.from) begins.push(part.from);
  return begins.length === 0 ? undefined : begins.reduce((a, b) => (a < b ? a : b));
}

function passGap(sink: PartitionSink, to: Offset): Promise<void> {
  // Of what was begun before nothing had been acknowledged.
  if (sink.isEmpty) return sink.skipTo(to, to);
  return sink.lose({
    from: sink.position,
    to,
    reason: 'retention',
    detail: 'Kafka deleted these offsets, and no interrupted backup captured them',
  });
}
