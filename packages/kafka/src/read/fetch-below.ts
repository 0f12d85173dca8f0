import type { Offset } from '@kops/core';
import type { FetchRequest, FetchResult, KafkaClient } from '../port.ts';
import { EmptyAnswers, type EmptyAnswerOptions, type LogClient } from './empty-answers.ts';

/** What lies in a log below an end: at least one whole batch, or proof that there is none. */
export type FetchedBelow =
  | FetchResult
  /** No batch lies from the offset on and below the end. */
  | { readonly status: 'nothing' };

/** How a log is read below an end. */
export interface FetchBelowOptions extends Omit<EmptyAnswerOptions, 'signal'> {
  /** Where the log is known to reach. */
  readonly end: Offset;
}

/** Base offset and length, which come before all else of a batch. */
const batchPrefixBytes = 12;

/** Whether bytes begin with a whole batch. */
function holdsBatch(bytes: Uint8Array): boolean {
  if (bytes.length < batchPrefixBytes) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, batchPrefixBytes);
  return bytes.length >= batchPrefixBytes + view.getInt32(8);
}

/**
 * Fetches until there is a batch or {@link EmptyAnswers} has proven that there is none: an empty answer alone says nothing.
 * @throws KOPS_KAFKA_UNREACHABLE when neither comes within the deadline; the errors of KafkaClient
 */
export async function fetchBelow(
  kafka: LogClient & Pick<KafkaClient, 'fetch'>,
  request: FetchRequest,
  { end, ...options }: FetchBelowOptions,
): Promise<FetchedBelow> {
  const empty = new EmptyAnswers(kafka, request, { ...options, signal: request.signal });
  for (;;) {
    const maxWaitMs = Math.max(request.maxWaitMs, empty.waitMs);
    const result = await kafka.fetch({ ...request, maxWaitMs });
    if (result.status !== 'ok' || holdsBatch(result.bytes)) return result;
    result.release?.();
    if (request.offset >= end) return { status: 'nothing' };
    const { highWatermark, lastStableOffset } = result;
    const reached = request.readCommitted === true ? lastStableOffset : highWatermark;
    if ((await empty.judge(request.offset, end, reached)) === 'nothing')
      return { status: 'nothing' };
  }
}
