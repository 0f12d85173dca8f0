import fc from 'fast-check';
import {
  encodeBatch,
  type CompressionCodec,
  type EncodeOptions,
  type KafkaRecord,
  type RecordHeader,
} from '../src/index.ts';

export const allCodecs: readonly CompressionCodec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

const bytes = fc.option(fc.uint8Array({ maxLength: 40 }), { nil: null });

const header: fc.Arbitrary<RecordHeader> = fc.record({
  key: fc.string({ unit: 'grapheme', maxLength: 6 }),
  value: bytes,
});

const content = fc.record({
  gap: fc.nat(3),
  timestamp: fc.oneof(
    fc.bigInt({ min: -1n, max: 1n << 45n }),
    fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
  ),
  key: bytes,
  value: bytes,
  headers: fc.array(header, { maxLength: 4 }),
});

/** Records with ascending offsets, holes, any timestamps, nulls and repeated headers. */
export const records: fc.Arbitrary<KafkaRecord[]> = fc
  .record({
    base: fc.bigInt({ min: 0n, max: 1n << 60n }),
    contents: fc.array(content, { minLength: 1, maxLength: 12 }),
  })
  .map(({ base, contents }) => {
    let next = base;
    return contents.map(({ gap, ...rest }) => {
      const offset = next + BigInt(gap);
      next = offset + 1n;
      return { offset, ...rest };
    });
  });

/** `count` records with ascending offsets from `base`, of one kilobyte each, that compress well. */
export function plainRecords(count: number, base = 0n): KafkaRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    offset: base + BigInt(i),
    timestamp: 1_700_000_000_000n + BigInt(i),
    key: new TextEncoder().encode(`key-${i}`),
    value: new TextEncoder().encode(`${i} `.repeat(300)),
    headers: [{ key: 'trace', value: new Uint8Array([i & 0xff]) }],
  }));
}

/** A batch of {@link plainRecords}. */
export function plainBatch(
  count: number,
  base = 0n,
  options: Partial<EncodeOptions> = {},
): Uint8Array {
  return encodeBatch(plainRecords(count, base), {
    codec: 'none',
    timestampType: 'CreateTime',
    ...options,
  });
}
