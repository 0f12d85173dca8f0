import { KopsError, mapLimit, throwIfAborted } from '@kops/core';
import type { RestoreSource } from './execute-options.ts';
import { cutBatch } from './piece.ts';
import type { RestorePlan } from './plan.ts';

/**
 * Makes sure that offsets can be exact in all partitions, before anything is changed on the target. Reads the whole archive once:
 * only the batches tell where markers and aborted records stand.
 * @throws KOPS_REFUSED naming the first offset that has no record to restore.
 */
export async function requireExact(
  archive: RestoreSource,
  plan: RestorePlan,
  options: { readonly parallel: number; readonly signal: AbortSignal },
): Promise<void> {
  const places = plan.topics.flatMap((topic) =>
    topic.partitions.map((partition) => ({ topic, partition })),
  );
  await mapLimit(places, options.parallel, async ({ topic, partition }) => {
    const place = { topic: topic.source, partition: partition.partition };
    const { sourceStart: start, sourceEnd: end } = partition;
    const { signal } = options;
    const transactions = await archive.scanTransactions(place, { signal });
    let expected = 0n;
    for await (const located of archive.readBatches({ ...place, from: start, to: end, signal })) {
      throwIfAborted(signal);
      const { piece } = cutBatch(located, { start, end, transactions, window: plan.window });
      for (const run of piece?.runs ?? []) {
        if (run.start !== expected) throw notExact(place, expected);
        expected += BigInt(run.count);
      }
    }
    if (expected !== end) throw notExact(place, expected);
  });
}

function notExact(
  place: { readonly topic: string; readonly partition: number },
  offset: bigint,
): KopsError {
  return new KopsError(
    'KOPS_REFUSED',
    `offset ${String(offset)} of ${place.topic}-${String(place.partition)} has no record to restore, so offsets cannot be exact`,
    {
      at: { ...place, offset },
      hint: 'It is a transaction marker, an aborted record or a hole. Use --offsets auto: kops maps the offsets, and groups continue at the right records.',
    },
  );
}
