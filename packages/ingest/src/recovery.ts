import { clusterPathName, parseSegmentKey } from '@kops/archive-format';
import { KopsError, systemClock, type Clock } from '@kops/core';
import type { ObjectInfo, ObjectStore } from '@kops/object-store';
import { processState, SignsOfLife, thisProcess } from '@kops/object-store/owner';
import { readCaptures, type CaptureRecord } from './capture-record.ts';

/** What ended captures left in a store. */
export interface Leftovers {
  /** Captures of the same cluster that ended without removing their pins, newest first. */
  readonly captures: readonly CaptureRecord[];
  /** Ids of those that gave no sign of life and could not be asked: they must be fenced before anything of theirs is taken. */
  readonly silent: readonly string[];
  /** Keys of segments under way when the capture began, by {@link partitionKey}. */
  readonly parts: ReadonlyMap<string, readonly string[]>;
  /** Other objects that were under way then: a put that was killed. */
  readonly puts: readonly ObjectInfo[];
}

export const noLeftovers: Leftovers = {
  captures: [],
  silent: [],
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
/** Between two looks for a sign of life, in ms. */
const signPollMs = 1_000;

/** Who looks for leftovers. */
export interface CaptureSearch {
  readonly capture: string;
  /** Captures of this process that run. */
  readonly running: ReadonlySet<string>;
  /** What is known of owners out of sight; kept from one search to the next. */
  readonly signs?: SignsOfLife;
}

/**
 * Finds what dead captures of a cluster left in a store. The own journal must have begun: of two captures at least one sees the other
 * then, and nobody goes on who sees a living one. Of two that begin at once, the one with the smaller id waits for the other to give way.
 * An owner that cannot be asked (on another host, in another PID namespace) is watched for signs of life until it is known to live or die.
 * @throws KOPS_HELD when a living one captures the cluster into the same store
 */
export async function findLeftovers(
  store: ObjectStore,
  cluster: string,
  own: CaptureSearch,
  clock: Clock = systemClock,
): Promise<Leftovers> {
  const { signs = new SignsOfLife(clock) } = own;
  let deadline: number | undefined;
  for (;;) {
    const others = (await readCaptures(store)).filter(
      (record) => record.cluster === cluster && record.capture !== own.capture,
    );
    const states = await Promise.all(others.map((record) => stateOf(record, own.running, signs)));
    const inState = (state: CaptureState): CaptureRecord[] =>
      others.filter((_, index) => states[index] === state);
    const rivals = inState('alive');
    const [rival] = rivals;
    const silent = inState('silent');
    if (rival === undefined && !states.includes('unknown'))
      return describeLeftovers(store, cluster, [...inState('dead'), ...silent], silent);
    if (rival !== undefined) {
      deadline ??= clock.monotonic() + rivalMs;
      const mayGiveWay = rivals.every(({ begun, capture }) => !begun && capture > own.capture);
      if (!mayGiveWay || clock.monotonic() > deadline) throw held(store, rival);
    }
    await clock.sleep(rival === undefined ? signPollMs : rivalPollMs);
  }
}

async function describeLeftovers(
  store: ObjectStore,
  cluster: string,
  captures: CaptureRecord[],
  silent: readonly CaptureRecord[],
): Promise<Leftovers> {
  if (captures.length === 0) return noLeftovers;
  captures.sort((a, b) => b.startedAtMs - a.startedAtMs);
  return {
    captures,
    silent: silent.map(({ capture }) => capture),
    ...(await findParts(store, cluster)),
  };
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

/** `silent`: out of sight and without a sign of life for so long that it counts as dead, though it may only stand still. */
type CaptureState = 'alive' | 'dead' | 'silent' | 'unknown';

async function stateOf(
  { capture, released, owner, sign }: CaptureRecord,
  running: ReadonlySet<string>,
  signs: SignsOfLife,
): Promise<CaptureState> {
  if (released) return 'dead';
  const self = await thisProcess();
  const state = await processState(owner, self);
  if (state === 'unknown') {
    const told = signs.observe(capture, sign);
    return told === 'dead' ? 'silent' : told;
  }
  const isOurs = state === 'alive' && owner.pid === self.pid;
  return isOurs && !running.has(capture) ? 'dead' : state;
}

function held(store: ObjectStore, { owner, capture }: CaptureRecord): KopsError {
  return new KopsError(
    'KOPS_HELD',
    `another backup of this cluster is writing to the same repository (process ${String(owner.pid)} on ${owner.host})`,
    {
      at: { repository: store.url, object: capture },
      hint: 'Wait until it finishes, stop it, or use another repository for this backup.',
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
