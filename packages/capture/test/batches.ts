import { encodeBatch, type KafkaRecord } from '@kops/record-batch';

/** A batch as a broker stores it, of `count` records from an offset on. */
export function batchOf(
  from: number | bigint,
  count = 1,
  options: { readonly valueBytes?: number; readonly epoch?: number } = {},
): Uint8Array {
  const records = Array.from({ length: count }, (_, index): KafkaRecord => ({
    offset: BigInt(from) + BigInt(index),
    timestamp: 1_700_000_000_000n,
    key: null,
    value: Buffer.alloc(options.valueBytes ?? 10, 'v'),
    headers: [],
  }));
  return encodeBatch(records, {
    codec: 'none',
    timestampType: 'CreateTime',
    partitionLeaderEpoch: options.epoch ?? 1,
  });
}
