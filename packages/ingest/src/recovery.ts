import { mayExtend, parseSegmentKey, pinKey, segmentsPrefix } from '@kops/archive-format';
import { KopsError, mapLimit, type Clock } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import { readSegmentBatches, type Repository } from '@kops/repository';
import { readCaptures, type CaptureRecord } from './capture-journal.ts';
import { ownerState } from './owner.ts';
import type { PartitionSink } from './partition-sink.ts';
import { extensionFacts } from './plan-backup.ts';

/** Captures of the same cluster that ended without removing their pins. */
export interface Leftovers {
  /** Newest first. */
  readonly captures: readonly CaptureRecord[];
  /** Whether nobody else may own what lies about: no capture of another host that cannot be asked. */
  readonly sweepable: boolean;
  /** Parts found by {@link recoverPartition}. */
  readonly parts: string[];
}

/**
 * Finds what dead captures of a cluster left in a store.
 * @throws KOPS_HELD when a living one captures the cluster into the same store
 */
export async function findLeftovers(store: ObjectStore, cluster: string, own: { capture: string; running: ReadonlySet<string> }): Promise<Leftovers> {
  const captures: CaptureRecord[] = [];
  let sweepable = true;
  for (const record of await readCaptures(store)) {
    if (record.cluster !== cluster || record.capture === own.capture) continue;
    const state = record.released ? 'dead' : await stateOf(record, own.running);
    // Of two that begin at once, the one with the smaller id stays.
    if (state === 'alive' && record.capture < own.capture) throw held(store, record);
    if (state === 'dead') captures.push(record);
    else sweepable = false;
  }
  return { captures: captures.sort((a, b) => b.startedAtMs - a.startedAtMs), sweepable, parts: [] };
}

async function stateOf(record: CaptureRecord, running: ReadonlySet<string>): Promise<'alive' | 'dead' | 'unknown'> {
  const state = await ownerState(record.owner);
  const ours = state === 'alive' && record.owner.pid === process.pid;
  return ours && !running.has(record.capture) ? 'dead' : state;
}

function held(store: ObjectStore, { owner, capture }: CaptureRecord): KopsError {
  return new KopsError('KOPS_HELD', `another backup of this cluster runs into the same repository (process ${String(owner.pid)} on ${owner.host})`, {
    at: { repository: store.url, object: capture },
    hint: 'Wait for it to end or stop it; or give this backup another repository.',
  });
}

/**
 * Continues a partition from what dead captures left: their sealed segments that follow the sink's position without a gap,
 * then the valid batches of an open segment.
 */
export async function recoverPartition(sink: PartitionSink, leftovers: Leftovers, stores: readonly ObjectStore[], clock: Clock): Promise<void> {
  const [store] = stores;
  const usable = leftovers.captures.filter((capture) => stillValid(sink, capture, clock));
  if (store === undefined || usable.length === 0) return;
  const parts: string[] = [];
  for await (const { key } of store.listParts(segmentsPrefix(sink.identity))) parts.push(key);
  leftovers.parts.push(...parts);
  const { topicId, partition } = sink.identity;
  const sealed = usable.flatMap((capture) => capture.sealed.filter((one) => one.topicId === topicId && one.partition === partition));
  for (;;) {
    const next = sealed.find((one) => one.from === sink.position && one.to > one.from && one.entry.slice.start >= sink.position);
    if (next === undefined || !(await isStored(stores, next.entry))) break;
    await sink.adopt(next);
  }
  await recoverParts(sink, store, parts);
}

/** A compacted topic's leftovers count only as long as no tombstone can have come and gone since they were read. */
function stillValid(sink: PartitionSink, capture: CaptureRecord, clock: Clock): boolean {
  const { topic } = sink.plan;
  const before = { topicId: topic.topicId, cut: sink.position, atMs: capture.startedAtMs, configs: topic.configs };
  return mayExtend(extensionFacts(before, topic, sink.position, sink.position, clock.now())).extend;
}

async function isStored(stores: readonly ObjectStore[], entry: { key: string; storedBytes: number }): Promise<boolean> {
  const infos = await Promise.all(stores.map((store) => store.head(entry.key)));
  return infos.every((info) => info?.size === entry.storedBytes);
}

async function recoverParts(sink: PartitionSink, store: ObjectStore, parts: readonly string[]): Promise<void> {
  for (const key of parts) {
    // One that begins after a gap cannot be told from one that lacks data: its offsets are fetched again.
    if (parseSegmentKey(key)?.baseOffset !== sink.position) continue;
    for await (const { batch } of readSegmentBatches(store, { part: key })) await sink.append(batch.bytes);
  }
}

/**
 * Removes what dead captures left, after an archive has taken over what was of use: parts, segments that no archive names, pins.
 * @param named keys of segments that archives name
 */
export async function sweepLeftovers(leftovers: Leftovers, stores: readonly ObjectStore[], named: ReadonlySet<string>): Promise<void> {
  if (!leftovers.sweepable) return;
  const segments = leftovers.captures.flatMap(({ sealed }) => sealed.map(({ entry }) => entry.key));
  const stale = new Set(segments.filter((key) => !named.has(key)));
  for (const store of stores) {
    await mapLimit(leftovers.parts, 8, (key) => store.deletePart(key));
    await mapLimit(stale, 8, (key) => store.delete(key));
    for (const { pins, capture } of leftovers.captures) {
      const header = pinKey(capture);
      await mapLimit(pins.filter((pin) => pin !== header), 8, (key) => store.delete(key));
      // The header goes last: without it the pages would be nobody's.
      await store.delete(header);
    }
  }
}

/** Segments of the leftovers' partitions that any archive of the cluster names: a capture may have died right after its commit. */
export async function namedSegments(repository: Repository, cluster: string, leftovers: Leftovers): Promise<Set<string>> {
  const partitions = new Set(leftovers.captures.flatMap(({ sealed }) => sealed.map(({ topicId, partition }) => `${topicId}/${String(partition)}`)));
  const named = new Set<string>();
  if (partitions.size === 0) return named;
  const seen = new Set<string>();
  for (const ref of await repository.archives({ cluster })) {
    const manifest = await repository.readManifest(ref);
    for (const topic of manifest.topics) {
      for (const { partition, list } of topic.partitions) {
        if (list === null || seen.has(list) || !partitions.has(`${topic.topicId}/${String(partition)}`)) continue;
        seen.add(list);
        for (const { key } of (await repository.readSegmentList(list)).segments) named.add(key);
      }
    }
  }
  return named;
}
