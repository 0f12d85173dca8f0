import { describe, expect, it } from 'vitest';
import { RecordBatchView, rewriteForLogDir, rewriteForProduce, validateBatch } from './index.ts';
import { caseNames, readCase } from '../test/golden-cases.ts';
import { plainBatch } from '../test/arbitrary-records.ts';
import { thrownBy } from '../test/thrown.ts';

const producer = { producerId: 4000n, producerEpoch: 3, baseSequence: 17 };

/** Positions at which two batches of the same length differ. */
function changedBytes(before: Uint8Array, after: Uint8Array): number[] {
  expect(after.byteLength).toBe(before.byteLength);
  return [...before.keys()].filter((position) => before[position] !== after[position]);
}

function realBatch(name: string): RecordBatchView {
  return new RecordBatchView(readCase(name).bytes);
}

describe('rewriteForProduce', () => {
  const data = caseNames('current').filter((name) => !name.startsWith('control-'));

  it.each(data)('changes only offset, epoch, CRC and producer of %s', (name) => {
    const source = realBatch(name);
    const before = Uint8Array.from(source.bytes);
    const result = new RecordBatchView(rewriteForProduce(source, producer));
    validateBatch(result);
    expect(result.baseOffset).toBe(0n);
    expect(result.partitionLeaderEpoch).toBe(-1);
    expect([result.producerId, result.producerEpoch, result.baseSequence]).toEqual([4000n, 3, 17]);
    expect(result.attributes).toBe(source.attributes);
    const untouched = changedBytes(source.bytes, result.bytes).filter(
      (at) => !(at < 8 || (at >= 12 && at < 16) || (at >= 17 && at < 21) || (at >= 43 && at < 57)),
    );
    expect(untouched).toEqual([]);
    expect(Buffer.compare(source.bytes, before)).toBe(0);
  });

  it('sets or clears the transactional bit when told, and no other', () => {
    const plain = realBatch('zstd');
    const transactional = realBatch('transactional');
    const set = new RecordBatchView(
      rewriteForProduce(plain, { ...producer, isTransactional: true }),
    );
    const cleared = new RecordBatchView(
      rewriteForProduce(transactional, { ...producer, isTransactional: false }),
    );
    validateBatch(set);
    validateBatch(cleared);
    expect([set.attributes, cleared.attributes]).toEqual([
      plain.attributes | 16,
      transactional.attributes & ~16,
    ]);
  });

  it('writes into the memory it is given', () => {
    const source = realBatch('zstd');
    const memory = new Uint8Array(source.sizeInBytes + 2).fill(9);
    const place = memory.subarray(1, -1);
    expect(rewriteForProduce(source, producer, place)).toBe(place);
    expect(Buffer.compare(place, rewriteForProduce(source, producer))).toBe(0);
    expect([memory[0], memory.at(-1)]).toEqual([9, 9]);
  });

  it.each(['control-commit', 'control-abort'])('refuses %s', (name) => {
    expect(thrownBy(() => rewriteForProduce(realBatch(name), producer))).toMatchObject({
      code: 'KOPS_REFUSED',
    });
  });
});

describe('rewriteForLogDir', () => {
  it.each(caseNames('current'))(
    'keeps offsets, attributes, timestamps and payload of %s',
    (name) => {
      const source = realBatch(name);
      const result = new RecordBatchView(rewriteForLogDir(source));
      validateBatch(result);
      const touched = changedBytes(source.bytes, result.bytes).filter(
        (at) => !((at >= 12 && at < 16) || (at >= 17 && at < 21) || (at >= 43 && at < 57)),
      );
      expect(touched).toEqual([]);
      expect(result.partitionLeaderEpoch).toBe(0);
    },
  );

  it('takes the producer from plain and idempotent batches', () => {
    const result = new RecordBatchView(rewriteForLogDir(realBatch('none')));
    expect(realBatch('none').producerId).toBeGreaterThanOrEqual(0n);
    expect([result.producerId, result.producerEpoch, result.baseSequence]).toEqual([-1n, -1, -1]);
  });

  it.each(['transactional', 'control-commit', 'control-abort'])(
    'moves the producer of %s out of the way',
    (name) => {
      const source = realBatch(name);
      const result = new RecordBatchView(rewriteForLogDir(source));
      expect(result.producerId).toBe(source.producerId + (1n << 62n));
      expect([result.producerEpoch, result.baseSequence]).toEqual([
        source.producerEpoch,
        source.baseSequence,
      ]);
    },
  );

  it('moves a producer that a former restore moved, so that it meets nobody', () => {
    const once = new RecordBatchView(rewriteForLogDir(realBatch('transactional')));
    const twice = new RecordBatchView(rewriteForLogDir(once));
    validateBatch(twice);
    expect(twice.producerId).toBe(once.producerId + (1n << 56n));
  });

  it('refuses a producer id that cannot be moved, and leaves markers without producer alone', () => {
    const last = plainBatch(1, 0n, { producerId: (1n << 63n) - 1n, isTransactional: true });
    expect(thrownBy(() => rewriteForLogDir(new RecordBatchView(last)))).toMatchObject({
      code: 'KOPS_REFUSED',
    });
    const nobody = plainBatch(1, 0n, { isControl: true });
    expect(new RecordBatchView(rewriteForLogDir(new RecordBatchView(nobody))).producerId).toBe(-1n);
  });
});
