import { RecordBatchView } from '@kops/record-batch';
import { describe, expect, it } from 'vitest';
import { batchOf, markerOf } from '../test/batches.ts';
import { OpenTransactions } from './open-transactions.ts';

const data = (from: number, producerId: bigint, isTransactional = true): RecordBatchView =>
  new RecordBatchView(
    batchOf({ from }, { producerId, producerEpoch: 0, baseSequence: 0, isTransactional }),
  );
const marker = (offset: number, producerId: bigint, type: 'commit' | 'abort'): RecordBatchView =>
  new RecordBatchView(markerOf(offset, producerId, type));

describe('OpenTransactions', () => {
  it('lists what has data below a cut and no marker there', () => {
    const transactions = new OpenTransactions();
    for (const batch of [data(0, 7n), data(1, 8n), data(2, 7n), data(3, 9n, false)])
      transactions.observe(batch);
    expect(transactions.straddling(10n)).toEqual([
      { producerId: 7n, producerEpoch: 0, firstOffset: 0n },
      { producerId: 8n, producerEpoch: 0, firstOffset: 1n },
    ]);
    expect(transactions.straddling(1n)).toMatchObject([{ producerId: 7n }]);
    transactions.observe(marker(4, 7n, 'commit'));
    expect(transactions.straddling(10n)).toMatchObject([{ producerId: 8n }]);
    // The marker is beyond such a cut: the transaction straddles it, and how it ended is known.
    expect(transactions.straddling(4n)).toMatchObject([
      { producerId: 7n, outcome: 'committed' },
      { producerId: 8n },
    ]);
    transactions.observe(marker(5, 8n, 'abort'));
    expect(transactions.straddling(5n)).toMatchObject([{ producerId: 8n, outcome: 'aborted' }]);
    transactions.forgetBelow(6n);
    expect(transactions.straddling(6n)).toEqual([]);
  });

  it('goes on with those that an earlier archive left open', () => {
    const left = { producerId: 7n, producerEpoch: 0, firstOffset: 3n };
    const transactions = new OpenTransactions([left]);
    transactions.observe(data(10, 7n));
    expect(transactions.straddling(20n)).toEqual([left]);
    transactions.observe(marker(11, 7n, 'commit'));
    transactions.observe(data(12, 7n));
    expect(transactions.straddling(20n)).toMatchObject([{ firstOffset: 12n }]);
  });

  it('does not take a marker without data for a transaction', () => {
    const transactions = new OpenTransactions();
    transactions.observe(marker(0, 7n, 'abort'));
    expect(transactions.straddling(1n)).toEqual([]);
  });
});
