import { KopsError, type Clock, type Offset, type TopicPartition } from '@kops/core';
import type { RestoreTarget } from './execute-options.ts';

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
    throw new KopsError('KOPS_KAFKA_PROTOCOL', 'the broker told no log end', {
      at: place,
      hint: 'Try again.',
    });
  return end;
}

/**
 * Waits until none of the log ends has moved for a while: requests of a run that was killed may still be on their way
 * through a broker.
 * @throws KOPS_HELD when one keeps moving: somebody else writes.
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
  while (places.length > 0 && clock.monotonic() - since < stableMs) {
    await clock.sleep(Math.min(200, stableMs), signal);
    const now = await readLogEnds(kafka, places);
    const moved = now.findIndex((end, index) => end !== ends[index]);
    if (moved >= 0) since = clock.monotonic();
    if (moved >= 0 && since - started > deadlineMs)
      throw stillMoving(places[moved], now[moved], deadlineMs);
    ends = now;
  }
}

function stillMoving(
  place: TopicPartition | undefined,
  offset: Offset | undefined,
  deadlineMs: number,
): KopsError {
  return new KopsError('KOPS_HELD', `the log end keeps moving for ${String(deadlineMs)} ms`, {
    at: { ...place, ...(offset === undefined ? {} : { offset }) },
    hint: 'Stop whatever else writes to the topic, such as another run of this restore.',
  });
}
