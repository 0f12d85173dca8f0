import { splitBatches } from '@kops/record-batch';
import type { FetchResult, KafkaClient } from '../src/index.ts';

/** An ok result, or a failed test. */
export function okOf(result: FetchResult): Extract<FetchResult, { status: 'ok' }> {
  if (result.status !== 'ok') throw new Error(`fetch ended in ${result.status}`);
  return result;
}

/** What is fetched: a partition and the life of it that is meant. */
export interface Source {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string | undefined;
}

/** Raw bytes of a partition up to `end`, whole batches only, fetched in pieces of `maxBytes` whose memory is given back. */
export async function drain(
  client: KafkaClient,
  source: Source,
  end: bigint,
  maxBytes: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let offset = 0n;
  while (offset < end) {
    const request = { ...source, offset, currentLeaderEpoch: -1, maxBytes, maxWaitMs: 500 };
    const { bytes, release } = okOf(await client.fetch(request));
    for (const batch of splitBatches(bytes)) {
      parts.push(Uint8Array.from(batch.bytes));
      offset = batch.nextOffset;
    }
    release?.();
  }
  return Buffer.concat(parts);
}
