import { KopsError } from '@kops/core';
import { describe, expect, it } from 'vitest';
import {
  RecordBatchView,
  crc32c,
  decodeControlRecord,
  decodeRecords,
  encodeBatch,
  splitBatches,
  validateBatch,
} from './index.ts';
import { caseNames, describeRecord, readCase } from '../test/golden-cases.ts';

const cases = caseNames('current');
/** Timestamps of the single records cannot be read from these, so they cannot be written again either. */
const appendTimeCases = ['log-append-time'];

it('has every case that the capture makes', () => {
  expect(cases).toEqual(
    expect.arrayContaining([
      'none',
      'gzip',
      'snappy',
      'lz4',
      'zstd',
      'compacted-empty',
      'control-abort',
    ]),
  );
  expect(cases).toHaveLength(26);
});

describe.each(cases)('batch of a real broker: %s', (name) => {
  const { bytes, expected } = readCase(name);
  const view = new RecordBatchView(bytes);

  it('passes every check', () => {
    expect(() => {
      validateBatch(view);
    }).not.toThrow();
    expect(crc32c(bytes.subarray(21))).toBe(expected.crc);
  });

  it('has the header that Java reads', () => {
    const { records, control, deleteHorizonMs, ...header } = expected;
    expect({
      ...header,
      baseOffset: view.baseOffset.toString(),
      lastOffset: view.lastOffset.toString(),
      nextOffset: view.nextOffset.toString(),
      sizeInBytes: view.sizeInBytes,
      partitionLeaderEpoch: view.partitionLeaderEpoch,
      magic: view.magic,
      crc: view.crc,
      codec: view.codec,
      timestampType: view.timestampType,
      isTransactional: view.isTransactional,
      isControl: view.isControl,
      baseTimestamp: view.baseTimestamp.toString(),
      maxTimestamp: view.maxTimestamp.toString(),
      producerId: view.producerId.toString(),
      producerEpoch: view.producerEpoch,
      baseSequence: view.baseSequence,
      recordCount: view.recordCount,
    }).toEqual(header);
    expect(view.hasDeleteHorizon ? view.baseTimestamp.toString() : null).toBe(deleteHorizonMs);
    expect(records).toHaveLength(view.recordCount);
    expect(control !== undefined).toBe(view.isControl);
  });

  it('has the records that Java reads', () => {
    expect(decodeRecords(view).map(describeRecord)).toEqual(expected.records);
  });

  it('is one batch for the splitter', () => {
    expect([...splitBatches(bytes)].map((batch) => batch.sizeInBytes)).toEqual([bytes.byteLength]);
  });

  if (view.isControl)
    it('has the marker that Java reads', () => {
      expect(decodeControlRecord(view)).toEqual({ ...expected.control, offset: view.baseOffset });
    });

  if (view.codec === 'none' && !appendTimeCases.includes(name))
    it('is encoded again byte for byte', () => {
      expect(Buffer.from(encodeAgain(view)).equals(bytes)).toBe(true);
    });

  if (view.codec !== 'none')
    it('has the same records after compressing them again', () => {
      const again = new RecordBatchView(encodeAgain(view));
      validateBatch(again);
      expect(again.codec).toBe(expected.codec);
      expect(decodeRecords(again).map(describeRecord)).toEqual(expected.records);
    });
});

it.each(caseNames('legacy'))('refuses %s by name, with its offset', (name) => {
  const { bytes, expected } = readCase(name);
  let thrown: unknown;
  try {
    Array.from(splitBatches(bytes, { topic: 'old', partition: 3 }));
  } catch (error) {
    thrown = error;
  }
  expect(KopsError.is(thrown, 'KOPS_MAGIC_UNSUPPORTED')).toBe(true);
  expect(thrown).toMatchObject({
    message: expect.stringContaining(`magic ${expected.magic}`) as string,
    at: { topic: 'old', partition: 3, offset: BigInt(expected.baseOffset) },
  });
});

function encodeAgain(view: RecordBatchView): Uint8Array {
  return encodeBatch(decodeRecords(view), {
    baseOffset: view.baseOffset,
    lastOffset: view.lastOffset,
    baseTimestamp: view.baseTimestamp,
    maxTimestamp: view.maxTimestamp,
    codec: view.codec,
    timestampType: view.timestampType,
    producerId: view.producerId,
    producerEpoch: view.producerEpoch,
    baseSequence: view.baseSequence,
    partitionLeaderEpoch: view.partitionLeaderEpoch,
    isTransactional: view.isTransactional,
    isControl: view.isControl,
    hasDeleteHorizon: view.hasDeleteHorizon,
  });
}
