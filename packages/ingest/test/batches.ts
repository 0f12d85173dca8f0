import { encodeBatch, type EncodeOptions, type KafkaRecord } from '@kops/record-batch';

/** Offsets of a batch: all of them, or first and last with what lies between removed. */
export interface BatchSpec {
  readonly from: number | bigint;
  readonly count?: number;
  readonly valueBytes?: number;
}

/** A batch as a broker stores it. */
export function batchOf(spec: BatchSpec, options: Partial<EncodeOptions> = {}): Uint8Array {
  const { from, count = 1, valueBytes = 20 } = spec;
  const records = Array.from({ length: count }, (_, index): KafkaRecord => {
    const offset = BigInt(from) + BigInt(index);
    return {
      offset,
      timestamp: 1_700_000_000_000n + offset,
      key: Buffer.from(`k${String(offset)}`),
      value: Buffer.alloc(valueBytes, `v${String(offset)}`),
      headers: [],
    };
  });
  return encodeBatch(records, {
    codec: 'none',
    timestampType: 'CreateTime',
    partitionLeaderEpoch: 1,
    ...options,
  });
}

/** Batches of `count` records each, one after the other. */
export function batchesFrom(first: number, batches: number, count = 5): Uint8Array[] {
  return Array.from({ length: batches }, (_, index) =>
    batchOf({ from: first + index * count, count }),
  );
}

/** A transaction's marker (KIP-98: key int16 version, int16 type; value int16 version, int32 coordinator epoch). */
export function markerOf(offset: number, producerId: bigint, type: 'commit' | 'abort'): Uint8Array {
  const record: KafkaRecord = {
    offset: BigInt(offset),
    timestamp: 1_700_000_000_000n,
    key: new Uint8Array([0, 0, 0, type === 'commit' ? 1 : 0]),
    value: new Uint8Array(6),
    headers: [],
  };
  return encodeBatch([record], {
    codec: 'none',
    timestampType: 'CreateTime',
    partitionLeaderEpoch: 1,
    producerId,
    producerEpoch: 0,
    isTransactional: true,
    isControl: true,
  });
}
