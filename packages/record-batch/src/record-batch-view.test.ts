import { describe, expect, it } from 'vitest';
import { RecordBatchView } from './index.ts';
import { plainBatch } from '../test/arbitrary-records.ts';
import { thrownBy } from '../test/thrown.ts';

describe('RecordBatchView', () => {
  it('reads a batch that starts anywhere in a larger buffer, without copying', () => {
    const batch = plainBatch(2, 40n);
    const larger = new Uint8Array(batch.byteLength + 10);
    larger.set(batch, 7);
    const view = new RecordBatchView(larger.subarray(7, 7 + batch.byteLength));
    expect(view.baseOffset).toBe(40n);
    expect(view.nextOffset).toBe(42n);
    expect(view.payload.buffer).toBe(larger.buffer);
  });

  it('reads the CRC and sizes as unsigned, ids and epochs as signed', () => {
    const view = new RecordBatchView(plainBatch(1));
    new DataView(view.bytes.buffer).setUint32(17, 0xffff_fffe);
    expect(view.crc).toBe(0xffff_fffe);
    expect(view.producerId).toBe(-1n);
    expect(view.producerEpoch).toBe(-1);
    expect(view.partitionLeaderEpoch).toBe(-1);
  });

  it.each([
    ['nothing', (batch: Uint8Array) => batch.subarray(0, 0)],
    ['a cut header', (batch: Uint8Array) => batch.subarray(0, 60)],
    ['a cut batch', (batch: Uint8Array) => batch.subarray(0, -1)],
    ['a batch and one byte more', (batch: Uint8Array) => Uint8Array.from([...batch, 0])],
  ])('refuses %s', (_, damage) => {
    expect(thrownBy(() => new RecordBatchView(damage(plainBatch(1))))).toMatchObject({
      code: 'KOPS_BATCH_CORRUPT',
    });
  });

  it.each([0, 1, 3])('refuses magic %i by name', (magic) => {
    const batch = plainBatch(1, 9n);
    batch[16] = magic;
    expect(thrownBy(() => new RecordBatchView(batch))).toMatchObject({
      code: 'KOPS_MAGIC_UNSUPPORTED',
      at: { offset: 9n },
    });
  });

  it('refuses to name a codec that Kafka does not define', () => {
    const batch = plainBatch(1);
    batch[22] = 5;
    expect(thrownBy(() => new RecordBatchView(batch).codec)).toMatchObject({
      code: 'KOPS_BATCH_CORRUPT',
    });
  });
});
