import { describe, expect, it } from 'vitest';
import {
  RecordBatchView,
  decodeRecords,
  encodeBatch,
  validateBatch,
  type EncodeOptions,
  type KafkaRecord,
} from './index.ts';
import { plainRecords } from '../test/arbitrary-records.ts';
import { thrownBy } from '../test/thrown.ts';

const plain = { codec: 'none', timestampType: 'CreateTime' } as const;
const [first, second, third] = plainRecords(3, 100n) as [KafkaRecord, KafkaRecord, KafkaRecord];

describe('encodeBatch', () => {
  it('takes base offset and timestamps from the records', () => {
    const view = new RecordBatchView(
      encodeBatch(
        [
          { ...first, timestamp: 50n },
          { ...second, timestamp: 70n },
          { ...third, timestamp: 60n },
        ],
        plain,
      ),
    );
    validateBatch(view);
    expect([view.baseOffset, view.lastOffset, view.baseTimestamp, view.maxTimestamp]).toEqual([
      100n,
      102n,
      50n,
      70n,
    ]);
    expect([
      view.producerId,
      view.producerEpoch,
      view.baseSequence,
      view.partitionLeaderEpoch,
    ]).toEqual([-1n, -1, -1, -1]);
  });

  it('keeps holes before, between and after the records', () => {
    const view = new RecordBatchView(
      encodeBatch([first, third], { ...plain, baseOffset: 90n, lastOffset: 110n }),
    );
    validateBatch(view);
    expect([view.baseOffset, view.lastOffset, view.recordCount]).toEqual([90n, 110n, 2]);
    expect(decodeRecords(view).map(({ offset }) => offset)).toEqual([100n, 102n]);
  });

  it('sets every attribute by itself', () => {
    const options: EncodeOptions = {
      ...plain,
      codec: 'zstd',
      timestampType: 'LogAppendTime',
      isTransactional: true,
    };
    const view = new RecordBatchView(encodeBatch([first, second], options));
    expect(view.attributes).toBe(4 | 8 | 16);
    expect(
      new RecordBatchView(
        encodeBatch([first], { ...plain, isControl: true, hasDeleteHorizon: true }),
      ).attributes,
    ).toBe(32 | 64);
    expect(decodeRecords(view).map(({ timestamp }) => timestamp)).toEqual([
      view.maxTimestamp,
      view.maxTimestamp,
    ]);
  });

  it('makes a batch without records that is not compressed', () => {
    const view = new RecordBatchView(
      encodeBatch([], { ...plain, codec: 'gzip', baseOffset: 4n, lastOffset: 9n }),
    );
    validateBatch(view);
    expect([view.sizeInBytes, view.codec, view.nextOffset]).toEqual([61, 'none', 10n]);
    expect(decodeRecords(view)).toEqual([]);
  });

  it.each<[string, readonly KafkaRecord[], Partial<EncodeOptions>]>([
    ['no records and no offsets', [], {}],
    ['offsets that descend', [second, first], {}],
    ['the same offset twice', [first, first], {}],
    ['a record before the base offset', [first], { baseOffset: 101n }],
    ['a record after the last offset', [first, second], { lastOffset: 100n }],
    ['a negative base offset', [{ ...first, offset: -1n }], {}],
    ['a span of more than an int32', [first, { ...second, offset: 100n + (1n << 31n) }], {}],
    ['a hole, when told contiguous', [first, third], { contiguous: true }],
    ['a hole at the start, when told contiguous', [second], { contiguous: true, baseOffset: 100n }],
    ['a hole at the end, when told contiguous', [first], { contiguous: true, lastOffset: 101n }],
    [
      'a header key that has no UTF-8 form',
      [{ ...first, headers: [{ key: '\ud800', value: null }] }],
      {},
    ],
  ])('refuses %s', (_, records, options) => {
    expect(thrownBy(() => encodeBatch(records, { ...plain, ...options }))).toMatchObject({
      code: 'KOPS_USAGE',
    });
  });

  it('takes a contiguous batch when told contiguous', () => {
    expect(
      thrownBy(() => encodeBatch([first, second, third], { ...plain, contiguous: true })),
    ).toBeUndefined();
  });
});
