import { gzipSync, zstdCompressSync } from 'node:zlib';
import { compressSync as compressRawSnappy } from 'snappy';
import { describe, expect, it } from 'vitest';
import { RecordBatchView, decodeRecords, recordDigest, type CompressionCodec } from './index.ts';
import { compress } from './compression.ts';
import { compressSnappy, decompressSnappy } from './snappy-xerial.ts';
import { writeRecords } from './record-writer.ts';
import { allCodecs, plainBatch, plainRecords } from '../test/arbitrary-records.ts';
import { thrownBy } from '../test/thrown.ts';

const limit = 1 << 24;
const compressing = allCodecs.filter((codec) => codec !== 'none');
const records = plainRecords(100);
const plain = writeRecords(records, 0n, records[0]?.timestamp ?? 0n);

/** A batch of the 100 records whose compressed bytes are given. */
function batchOf(codec: CompressionCodec, payload: Uint8Array): RecordBatchView {
  const header = plainBatch(100).subarray(0, 61);
  const bytes = new Uint8Array(61 + payload.byteLength);
  bytes.set(header);
  bytes.set(payload, 61);
  const data = new DataView(bytes.buffer);
  data.setInt32(8, bytes.byteLength - 12);
  data.setInt16(21, allCodecs.indexOf(codec));
  return new RecordBatchView(bytes);
}

function expectRecords(view: RecordBatchView): void {
  expect(decodeRecords(view).map(recordDigest)).toEqual(records.map(recordDigest));
}

describe.each(compressing)('%s', (codec) => {
  const compressed = compress(codec, plain);

  it('gets smaller and comes back', () => {
    expect(compressed.byteLength).toBeLessThan(plain.byteLength / 2);
    expectRecords(batchOf(codec, compressed));
  });

  it('is refused above the limit and read at the limit', () => {
    const view = batchOf(codec, compressed);
    expect(decodeRecords(view, { maxDecompressedBytes: plain.byteLength })).toHaveLength(100);
    expect(
      thrownBy(() => decodeRecords(view, { maxDecompressedBytes: plain.byteLength - 1 })),
    ).toMatchObject({
      code: 'KOPS_REFUSED',
      at: { offset: 0n },
    });
  });

  it('does not unpack a bomb', () => {
    const bomb = compress(codec, new Uint8Array(64 << 20));
    const before = process.memoryUsage.rss();
    const error = thrownBy(() =>
      decodeRecords(batchOf(codec, bomb), { maxDecompressedBytes: 1 << 20 }),
    );
    expect(error).toMatchObject({ code: 'KOPS_REFUSED' });
    expect(process.memoryUsage.rss() - before).toBeLessThan(32 << 20);
  });

  it('is damaged when cut off', () => {
    for (let cut = 1; cut < compressed.byteLength; cut += 97) {
      const view = batchOf(codec, compressed.subarray(0, -cut));
      expect(thrownBy(() => decodeRecords(view))).toMatchObject({
        code: 'KOPS_BATCH_CORRUPT',
        at: { offset: 0n },
      });
    }
  });
});

describe('frames that Java reads as one stream', () => {
  const half = plain.byteLength >> 1;
  const halves = [plain.subarray(0, half), plain.subarray(half)];

  it('are read to the end with gzip, zstd and snappy', () => {
    expectRecords(batchOf('gzip', Buffer.concat(halves.map((part) => gzipSync(part)))));
    expectRecords(batchOf('zstd', Buffer.concat(halves.map((part) => zstdCompressSync(part)))));
    expectRecords(batchOf('snappy', Buffer.concat(halves.map((part) => compressSnappy(part)))));
  });

  it('share one limit', () => {
    const view = batchOf('zstd', Buffer.concat(halves.map((part) => zstdCompressSync(part))));
    expect(thrownBy(() => decodeRecords(view, { maxDecompressedBytes: half + 10 }))).toMatchObject({
      code: 'KOPS_REFUSED',
    });
  });
});

describe('snappy', () => {
  it('is read without framing too', () => {
    expectRecords(batchOf('snappy', compressRawSnappy(plain)));
  });

  it.each([
    ['a block that claims more than its bytes can hold', [0xff, 0xff, 0xff, 0xff, 0x07, 0]],
    ['a size that never ends', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['nothing', []],
  ])('refuses %s', (_, bytes) => {
    expect(thrownBy(() => decompressSnappy(Uint8Array.from(bytes), limit))).toMatchObject({
      code: 'KOPS_BATCH_CORRUPT',
    });
  });

  it.each([
    ['a negative block length', 16, -1],
    ['a block longer than the rest', 16, 1 << 30],
    ['a framing of another version', 12, 2],
  ])('refuses %s', (_, position, value) => {
    const framed = Buffer.from(compressSnappy(plain));
    framed.writeInt32BE(value, position);
    expect(thrownBy(() => decompressSnappy(framed, limit))).toMatchObject({
      code: 'KOPS_BATCH_CORRUPT',
    });
  });
});
