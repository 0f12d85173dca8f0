import fc from 'fast-check';
import { KopsError } from '@kops/core';
import { describe, expect, it } from 'vitest';
import {
  RecordBatchView,
  crc32c,
  decodeControlRecord,
  decodeRecords,
  encodeBatch,
  iterateRecords,
} from './index.ts';
import { allCodecs, plainBatch, records } from '../test/arbitrary-records.ts';
import { caseNames, readCase } from '../test/golden-cases.ts';
import { thrownBy } from '../test/thrown.ts';

/*
 * Invariants
 * - encode ∘ decode is the identity, with every codec
 * - whatever the bytes are, decoding returns records or throws KopsError; what it allocates is bounded by the bytes
 * - a record section that is not consumed exactly is damaged
 */

/** A batch of `count` claimed records whose uncompressed section is `payload`. */
function rawBatch(payload: Uint8Array | number[], count: number, attributes = 0): RecordBatchView {
  const bytes = new Uint8Array(61 + payload.length);
  bytes.set(plainBatch(1).subarray(0, 61));
  bytes.set(payload, 61);
  const data = new DataView(bytes.buffer);
  data.setInt32(8, bytes.byteLength - 12);
  data.setInt16(21, attributes);
  data.setInt32(23, Math.max(count - 1, 0));
  data.setInt32(57, count);
  data.setUint32(17, crc32c(bytes.subarray(21)));
  return new RecordBatchView(bytes);
}

/** Length 7; attributes, timestamp delta, offset delta 0; null key, null value, no headers. */
const smallest = [14, 0, 0, 0, 1, 1, 0];
const damaged = { code: 'KOPS_BATCH_CORRUPT' };

describe('decodeRecords', () => {
  it('returns what was encoded, with every codec', () => {
    fc.assert(
      fc.property(records, fc.constantFrom(...allCodecs), (expected, codec) => {
        const view = new RecordBatchView(
          encodeBatch(expected, { codec, timestampType: 'CreateTime' }),
        );
        expect(decodeRecords(view)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('throws nothing but KopsError for random records sections of every codec', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.nat(5),
        fc.integer(),
        (payload, codec, count) => {
          const error = thrownBy(() => decodeRecords(rawBatch(payload, count, codec)));
          expect(error === undefined || KopsError.is(error)).toBe(true);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('throws nothing but KopsError for real batches with damaged records', () => {
    const real = caseNames('current')
      .map((name) => readCase(name).bytes)
      .filter(({ length }) => length < 5000);
    fc.assert(
      fc.property(fc.constantFrom(...real), fc.nat(), fc.nat(255), (batch, index, byte) => {
        const bytes = Uint8Array.from(batch);
        bytes[21 + (index % (bytes.byteLength - 21))] = byte;
        const error = thrownBy(() => decodeRecords(new RecordBatchView(bytes)));
        expect(error === undefined || KopsError.is(error)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('reads the smallest record, the control of all that follow', () => {
    expect(decodeRecords(rawBatch([12, ...smallest.slice(1)], 1))).toEqual([
      { offset: 0n, timestamp: 1_700_000_000_000n, key: null, value: null, headers: [] },
    ]);
  });

  it.each([
    ['a record longer than its fields', [14, 0, 0, 0, 1, 1, 0, 9], 1],
    ['a record shorter than its fields', [10, 0, 0, 0, 1, 1, 0], 1],
    ['a record longer than the section', [100, 0, 0, 0, 1, 1, 0], 1],
    ['a negative record length', [11, 0, 0, 0, 1, 1, 0], 1],
    ['bytes after the last record', [12, 0, 0, 0, 1, 1, 0, 0], 1],
    ['fewer records than claimed', [12, 0, 0, 0, 1, 1, 0], 2],
    ['records in a batch that claims none', [12, 0, 0, 0, 1, 1, 0], 0],
    ['a key longer than its record', [12, 0, 0, 0, 100, 1, 0], 1],
    ['a negative header count', [12, 0, 0, 0, 1, 1, 1], 1],
    ['two billion headers', [20, 0, 0, 0, 1, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f], 1],
    ['a null header key', [16, 0, 0, 0, 1, 1, 2, 1, 1], 1],
    ['a varint without end', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 1],
    ['an offset beyond the last', [12, 0, 0, 4, 1, 1, 0], 1],
    ['a negative offset delta', [12, 0, 0, 1, 1, 1, 0], 1],
    ['the same offset twice', [12, 0, 0, 0, 1, 1, 0, 12, 0, 0, 0, 1, 1, 0], 2],
  ])('refuses %s', (_, payload, count) => {
    expect(thrownBy(() => decodeRecords(rawBatch(payload, count)))).toMatchObject({
      ...damaged,
      at: { offset: 0n },
    });
  });

  it('does not lose header keys that are not UTF-8', () => {
    const keyBytes = Uint8Array.from([0x61, 0xff, 0xfe]);
    const readable = { key: 'a\ufffd\ufffd', value: null };
    const record = {
      offset: 0n,
      timestamp: 0n,
      key: null,
      value: null,
      headers: [{ ...readable, keyBytes }, readable],
    };
    const encoded = encodeBatch([record], { codec: 'none', timestampType: 'CreateTime' });
    const decoded = decodeRecords(new RecordBatchView(encoded));
    expect(decoded).toEqual([record]);
    expect(encodeBatch(decoded, { codec: 'none', timestampType: 'CreateTime' })).toEqual(encoded);
  });

  it('gives views of an uncompressed batch, not copies', () => {
    const batch = plainBatch(2);
    expect(
      decodeRecords(new RecordBatchView(batch)).every(
        ({ value }) => value?.buffer === batch.buffer,
      ),
    ).toBe(true);
  });
});

describe('iterateRecords', () => {
  it('yields the records before the damaged one', () => {
    const seen: bigint[] = [];
    const view = rawBatch([12, 0, 0, 0, 1, 1, 0, 12, 0, 0, 2, 1, 98, 0], 2);
    const error = thrownBy(() => {
      for (const { offset } of iterateRecords(view)) seen.push(offset);
    });
    expect(seen).toEqual([0n]);
    expect(error).toMatchObject(damaged);
  });
});

describe('decodeControlRecord', () => {
  const control = (key: number[] | null, value: number[] | null) =>
    new RecordBatchView(
      encodeBatch(
        [
          {
            offset: 8n,
            timestamp: 0n,
            key: key && Uint8Array.from(key),
            value: value && Uint8Array.from(value),
            headers: [],
          },
        ],
        { codec: 'none', timestampType: 'CreateTime', isControl: true },
      ),
    );

  it('tells commit, abort and other kinds', () => {
    expect(decodeControlRecord(control([0, 0, 0, 1], [0, 0, 0, 0, 0, 7]))).toEqual({
      type: 'commit',
      coordinatorEpoch: 7,
      offset: 8n,
    });
    expect(decodeControlRecord(control([0, 0, 0, 0], [0, 0, 0, 0, 0, 7]))).toEqual({
      type: 'abort',
      coordinatorEpoch: 7,
      offset: 8n,
    });
    expect(decodeControlRecord(control([0, 0, 0, 2], null))).toEqual({
      type: 'other',
      coordinatorEpoch: -1,
      offset: 8n,
    });
  });

  it('reads later versions, which only append', () => {
    const view = control([0, 1, 0, 1, 9, 9], [0, 1, 0, 0, 0, 7, 9, 9]);
    expect(decodeControlRecord(view)).toEqual({ type: 'commit', coordinatorEpoch: 7, offset: 8n });
  });

  it('calls a marker that compaction emptied other', () => {
    const bytes = encodeBatch([], {
      baseOffset: 8n,
      lastOffset: 8n,
      codec: 'none',
      timestampType: 'CreateTime',
      isControl: true,
    });
    expect(decodeControlRecord(new RecordBatchView(bytes))).toEqual({
      type: 'other',
      coordinatorEpoch: -1,
      offset: 8n,
    });
  });

  it.each([
    ['no key', control(null, [0, 0, 0, 0, 0, 7])],
    ['a cut key', control([0, 0, 0], [0, 0, 0, 0, 0, 7])],
    ['no value', control([0, 0, 0, 1], null)],
    ['a cut value', control([0, 0, 0, 1], [0, 0, 0, 0, 0])],
  ])('refuses a marker with %s', (_, view) => {
    expect(thrownBy(() => decodeControlRecord(view))).toMatchObject({
      ...damaged,
      at: { offset: 8n },
    });
  });

  it('refuses a batch of data', () => {
    expect(thrownBy(() => decodeControlRecord(new RecordBatchView(plainBatch(1))))).toMatchObject({
      code: 'KOPS_USAGE',
    });
  });
});
