import { encodeBatch, RecordBatchView, type EncodeOptions } from '@kops/record-batch';
import { describe, expect, it } from 'vitest';
import {
  appendSegments,
  checkList,
  indexInterval,
  SegmentEntryBuilder,
  type SegmentEntry,
} from '../src/index.ts';
import { entryOf, listOf } from './sample.ts';

const published = { key: 'segments/x.log', plaintextSha256: 'ab'.repeat(32) };

function batchOf(
  baseOffset: bigint,
  lastOffset: bigint,
  options: Partial<EncodeOptions> & { valueBytes?: number } = {},
): RecordBatchView {
  const value = new Uint8Array(options.valueBytes ?? 10);
  const record = { offset: baseOffset, timestamp: baseOffset * 10n, key: null, value, headers: [] };
  return new RecordBatchView(
    encodeBatch([record], {
      codec: 'none',
      timestampType: 'CreateTime',
      lastOffset,
      partitionLeaderEpoch: 4,
      ...options,
    }),
  );
}

describe('SegmentEntryBuilder', () => {
  it('says what the batches say', () => {
    const builder = new SegmentEntryBuilder();
    const batches = [
      batchOf(5n, 9n),
      batchOf(12n, 12n, {
        codec: 'zstd',
        partitionLeaderEpoch: 6,
        isTransactional: true,
        producerId: 3n,
        producerEpoch: 0,
      }),
    ];
    for (const batch of batches) builder.add(batch);
    const bytes = batches.reduce((sum, batch) => sum + batch.sizeInBytes, 0);
    expect([builder.bytes, builder.batches, builder.nextOffset]).toEqual([bytes, 2, 13n]);
    expect(builder.finish(published)).toEqual({
      ...published,
      slice: { start: 5n, end: 13n },
      baseOffset: 5n,
      lastOffset: 12n,
      leaderEpochs: [
        { epoch: 4, startOffset: 5n },
        { epoch: 6, startOffset: 12n },
      ],
      records: 2,
      batches: 2,
      controlBatches: 0,
      maxTimestamp: 120n,
      minTimestamp: null,
      codecs: ['none', 'zstd'],
      transactional: true,
      plaintextBytes: bytes,
      storedBytes: bytes,
      storedSha256: published.plaintextSha256,
      index: [[5n, 50n, 0]],
    });
    expect(builder.finish({ ...published, slice: { start: 7n, end: 99n } }).slice).toEqual({
      start: 7n,
      end: 13n,
    });
  });

  it('indexes a batch about every MiB, with the largest timestamp so far', () => {
    const builder = new SegmentEntryBuilder();
    for (let offset = 0n; offset < 40n; offset++)
      builder.add(batchOf(offset, offset, { valueBytes: 100_000, maxTimestamp: 1000n - offset }));
    const { index, plaintextBytes } = builder.finish(published);
    expect(index.length).toBe(4);
    for (const [at, [offset, maxTimestamp, position]] of index.entries()) {
      expect(position).toBe(Number(offset) * (plaintextBytes / 40));
      expect(maxTimestamp).toBe(1000n);
      if (at > 0)
        expect(position - (index[at - 1]?.[2] ?? 0)).toBeGreaterThanOrEqual(indexInterval);
    }
    expect(checkList(listOf([builder.finish(published)]))).toEqual([]);
  });

  it('refuses offsets that do not ascend, and an empty segment', () => {
    const builder = new SegmentEntryBuilder();
    expect(() => builder.finish(published)).toThrow(/without batches/);
    builder.add(batchOf(5n, 9n));
    expect(() => builder.add(batchOf(9n, 10n))).toThrow(
      expect.objectContaining({ code: 'KOPS_OFFSET_MISMATCH' }),
    );
    builder.add(batchOf(10n, 10n));
    expect(builder.nextOffset).toBe(11n);
  });

  it('says when a segment is full', () => {
    const builder = new SegmentEntryBuilder();
    expect(builder.fits({ sizeInBytes: 2 ** 31 + 5, lastOffset: 2n ** 40n })).toBe(true);
    builder.add(batchOf(5n, 9n));
    expect(builder.fits({ sizeInBytes: 100, lastOffset: 5n + 2n ** 31n - 2n })).toBe(true);
    expect(builder.fits({ sizeInBytes: 100, lastOffset: 5n + 2n ** 31n - 1n })).toBe(false);
    expect(builder.fits({ sizeInBytes: 2 ** 31 - 1 - builder.bytes, lastOffset: 10n })).toBe(true);
    expect(builder.fits({ sizeInBytes: 2 ** 31 - builder.bytes, lastOffset: 10n })).toBe(false);
  });
});

describe('lists', () => {
  it('grow at the end only', () => {
    const list = listOf([entryOf(0n), entryOf(10n)]);
    expect(appendSegments(list, [entryOf(25n)]).segments.map((entry) => entry.baseOffset)).toEqual([
      0n,
      10n,
      25n,
    ]);
    expect(() => appendSegments(list, [entryOf(19n)])).toThrow(
      expect.objectContaining({ code: 'KOPS_OFFSET_MISMATCH' }),
    );
    const overlapping = entryOf(18n, 10, { slice: { start: 20n, end: 28n } });
    expect(appendSegments(list, [overlapping]).segments.at(-1)).toBe(overlapping);
  });

  const wrong: [string, Partial<SegmentEntry>, RegExp][] = [
    ['offsets', { lastOffset: 9n }, /are not a range/],
    ['empty slice', { slice: { start: 12n, end: 12n } }, /is empty/],
    ['slice before', { slice: { start: 9n, end: 12n } }, /outside of offsets/],
    ['slice beyond', { slice: { start: 10n, end: 21n } }, /outside of offsets/],
    ['overlap', { slice: { start: 10n, end: 20n }, baseOffset: 5n }, /its index does not start/],
    ['no batches', { batches: 0 }, /no batches/],
    ['too many records', { records: 11 }, /more records than offsets/],
    ['index start', { index: [[10n, 1n, 5]] }, /does not start with its first batch/],
    [
      'index order',
      {
        index: [
          [10n, 1n, 0],
          [15n, 2n, 50],
          [15n, 2n, 60],
        ],
      },
      /index entry 2/,
    ],
    [
      'index time',
      {
        index: [
          [10n, 5n, 0],
          [15n, 2n, 50],
        ],
      },
      /index entry 1/,
    ],
    [
      'index outside',
      {
        index: [
          [10n, 1n, 0],
          [15n, 2n, 2_000_000],
        ],
      },
      /index entry 1/,
    ],
    [
      'epochs',
      {
        leaderEpochs: [
          { epoch: 5, startOffset: 10n },
          { epoch: 4, startOffset: 12n },
        ],
      },
      /leader epoch 4/,
    ],
    ['epochs outside', { leaderEpochs: [{ epoch: 5, startOffset: 20n }] }, /leader epoch 5/],
  ];
  it.each(wrong)('are checked: %s', (_, fields, problem) => {
    expect(checkList(listOf([entryOf(0n), entryOf(10n)]))).toEqual([]);
    const findings = checkList(listOf([entryOf(0n), entryOf(10n, 10, fields)]));
    expect(findings.map((finding) => finding.entry)).toContain(1);
    expect(findings.map((finding) => finding.problem).join()).toMatch(problem);
  });

  it('are checked: slices that overlap', () => {
    const findings = checkList(listOf([entryOf(0n, 12), entryOf(10n)]));
    expect(findings).toEqual([
      {
        entry: 1,
        key: entryOf(10n).key,
        problem: 'slice starts at 10, before 12 where the previous slice ends',
      },
    ]);
  });
});
