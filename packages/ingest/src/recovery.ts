import { clusterPathName, parseSegmentKey } from '@kops/archive-format';
import { KopsError, systemClock, type Clock } from '@kops/core';
import type { ObjectInfo, ObjectStore } from '@kops/object-store';
import { readCaptures, type CaptureRecord } from './capture-record.ts';
import { ownerState } from './owner.ts';

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
 * When the oldest of what dead captures left may have been read, ms since the epoch; undefined where there is nothing. A capture's own start does
 * not tell: it may have taken over what one before it had read.
 */
export function readSince({ captures }: Leftovers): number | undefined {
  return captures.length === 0
    ? undefined
    : Math.min(...captures.map(({ startedAtMs }) => startedAtMs));
}
