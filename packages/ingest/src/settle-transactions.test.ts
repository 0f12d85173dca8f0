import type { FetchRequest, KafkaClient } from '@kops/kafka';
import { createMemoryStore } from '@kops/object-store/memory';
import { describe, expect, it } from 'vitest';
import { batchOf } from '../test/batches.ts';
import { openSink } from '../test/fixture.ts';
import type { PartitionPlan } from './plan-backup.ts';
import { settleTransactions } from './settle-transactions.ts';

/** What becomes of a transaction of producer 7 that has data at offset 10 and no marker before 20; and which offset the leader was asked for. */
async function settled(
  plan: Partial<PartitionPlan>,
  aborted: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[],
  empty = 0,
): Promise<{ readonly outcome: string | undefined; readonly asked: bigint | undefined }> {
  let asked: bigint | undefined;
  const kafka = {
    fetch: ({ offset }: FetchRequest) => {
      asked = offset;
      const isEmpty = empty-- > 0;
      return Promise.resolve({
        status: 'ok',
        bytes: isEmpty ? new Uint8Array() : batchOf({ from: offset }),
        lastStableOffset: 20n,
        abortedTransactions: isEmpty ? [] : aborted,
      });
    },
    // In tiered storage.
    listOffsets: () => Promise.resolve([100n]),
  } as unknown as KafkaClient;
  const { sink } = await openSink([createMemoryStore()], { plan: { resume: 10n, ...plan } });
  const open = { producerId: 7n, producerEpoch: 0, baseSequence: 0, isTransactional: true };
  await sink.append(batchOf({ from: 10, count: 10 }, open));
  const ends = { cut: 20n, lastStableOffset: 20n };
  const [transaction] = await settleTransactions(kafka, sink, ends);
  return { outcome: transaction?.outcome, asked };
}

describe('the outcome of a transaction across the cut', () => {
  const ours = { producerId: 7n, firstOffset: 10n };
  const others = { producerId: 8n, firstOffset: 10n };

  it.each([
    { aborted: [], outcome: 'committed' },
    { aborted: [others], outcome: 'committed' },
    { aborted: [others, ours], outcome: 'aborted' },
  ])('is asked for where it begins: $outcome', async ({ aborted, outcome }) => {
    expect(await settled({}, aborted)).toEqual({ outcome, asked: 10n });
  });

  it('is asked for again while tiered storage is slow: without it committed records are not restored', async () => {
    expect(await settled({}, [], 3)).toMatchObject({ outcome: 'committed' });
    expect(await settled({}, [ours], 3)).toMatchObject({ outcome: 'aborted' });
  });

  it.each([
    // The marker is behind the cut, so it is behind the log start.
    { readableFrom: 15n, aborted: [], outcome: 'committed' },
    { readableFrom: 20n, aborted: [ours], outcome: 'aborted' },
    // It may have been before the log start: unknown, unless the leader still knows it as aborted.
    { readableFrom: 21n, aborted: [], outcome: undefined },
    { readableFrom: 21n, aborted: [ours], outcome: 'aborted' },
  ])(
    'is asked for at the log start that has passed it: $outcome from $readableFrom on',
    async ({ readableFrom, aborted, outcome }) => {
      const plan = { gone: 'log-start-passed', readableFrom } as const;
      expect(await settled(plan, aborted)).toEqual({ outcome, asked: readableFrom });
    },
  );
});
