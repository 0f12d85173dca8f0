import { KopsError, mapLimit, type Clock, type Offset, type TopicPartition } from '@kops/core';
import type { RestoreTarget } from './execute-options.ts';

const parallel = 16;

/** How to wait. */
export interface SettleOptions {
  readonly stableMs: number;
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** Log ends in the order asked: isolation read_uncommitted, so that they are not last stable offsets. */
export async function readLogEnds(
  kafka: RestoreTarget,
  places: readonly TopicPartition[],
): Promise<Offset[]> {
  return places.length === 0 ? [] : await kafka.listOffsets(places, 'latest');
}

/** The log end of one partition. */
export async function readLogEnd(kafka: RestoreTarget, place: TopicPartition): Promise<Offset> {
  const [end] = await readLogEnds(kafka, [place]);
  if (end === undefined)
    throw new KopsError('KOPS_KAFKA_PROTOCOL', 'the broker returned no log end', {
      at: place,
      hint: 'Try again.',
    });
  return end;
}

/**
 * Waits until none of the log ends has moved for a while and the leaders have nothing beyond them: requests of a run that was killed,
 * or of a connection that was lost, may still be on their way through a broker, and what is not replicated yet is not seen as log end.
 * @throws KOPS_HELD when one keeps moving: somebody else writes. KOPS_KAFKA_UNREACHABLE when replicas do not follow.
 */
export async function settleLogEnds(
  kafka: RestoreTarget,
  places: readonly TopicPartition[],
  options: SettleOptions,
): Promise<void> {
  const { clock, stableMs, deadlineMs, signal } = options;
  const started = clock.monotonic();
  let ends = await readLogEnds(kafka, places);
  let since = clock.monotonic();
  while (places.length > 0) {
    await clock.sleep(Math.min(200, stableMs), signal);
    const now = await readLogEnds(kafka, places);
    const moved = now.findIndex((end, index) => end !== ends[index]);
    const isLate = clock.monotonic() - started > deadlineMs;
    if (moved >= 0) since = clock.monotonic();
    if (moved >= 0 && isLate) throw stillMoving(places[moved], now[moved], deadlineMs);
    ends = now;
    if (clock.monotonic() - since < stableMs) continue;
    const behind = await findUnreplicated(kafka, places, ends);
    if (behind === undefined) return;
    if (isLate) throw notReplicated(behind.place, behind.end, deadlineMs);
  }
}

/** The first partition whose leader has written more than its log end says. */
async function findUnreplicated(
  kafka: RestoreTarget,
  places: readonly TopicPartition[],
  ends: readonly Offset[],
): Promise<{ readonly place: TopicPartition; readonly end: Offset } | undefined> {
  const topics = await kafka.topics([...new Set(places.map(({ topic }) => topic))]);
  const epochs = new Map(
    topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partition, leaderEpoch }) => [`${name} ${String(partition)}`, leaderEpoch]),
    ),
  );
  const written = await mapLimit(places, parallel, async (place) => {
    const epoch = epochs.get(`${place.topic} ${String(place.partition)}`) ?? -1;
    // The end of the newest epoch is that of the leader's log, replicated or not (KIP-320); -1 where the broker does not know.
    return epoch < 0 ? -1n : (await kafka.offsetForLeaderEpoch(place, epoch)).endOffset;
  });
  const index = written.findIndex((end, at) => end > (ends[at] ?? end));
  const [place, end] = [places[index], ends[index]];
  return place === undefined || end === undefined ? undefined : { place, end };
}

function stillMoving(
  place: TopicPartition | undefined,
  offset: Offset | undefined,
  deadlineMs: number,
): KopsError {
  return new KopsError('KOPS_HELD', `the log end still changes after ${String(deadlineMs)} ms`, {
    at: { ...place, ...(offset === undefined ? {} : { offset }) },
    hint: 'Stop the other producers of the topic, for example another run of this restore.',
  });
}

function notReplicated(place: TopicPartition, offset: Offset, deadlineMs: number): KopsError {
  return new KopsError(
    'KOPS_KAFKA_UNREACHABLE',
    `the replicas have not caught up with their leader after ${String(deadlineMs)} ms`,
    {
      at: { ...place, offset },
      hint: 'Start the brokers that hold the replicas, then run the restore with --resume.',
    },
  );
}
