import { encodeBatch, type EncodeOptions, type KafkaRecord } from '@kops/record-batch';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** First timestamp of {@link recordAt}; one millisecond per offset. */
export const firstTimestamp = 1_700_000_000_000n;

/** The record that fixtures have at an offset: duplicate and null headers, and a tombstone now and then. */
export function recordAt(offset: bigint | number): KafkaRecord {
  const at = BigInt(offset);
  return {
    offset: at,
    timestamp: firstTimestamp + at,
    key: bytes(`key-${String(at)}`),
    value: at % 7n === 3n ? null : bytes(`value-${String(at)}`.repeat(3)),
    headers: [
      { key: 'h', value: bytes(String(at)) },
      { key: 'h', value: null },
    ],
  };
}

/** A batch with records at these offsets. */
export function batchAt(
  offsets: readonly (bigint | number)[],
  options: Partial<EncodeOptions> = {},
): Uint8Array {
  return encodeBatch(offsets.map(recordAt), {
    codec: 'none',
    timestampType: 'CreateTime',
    partitionLeaderEpoch: 3,
    ...options,
  });
}

/** `count` offsets from `first` on. */
export function offsetsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

/** A batch of a transaction. */
export function transactionalBatch(offsets: readonly number[], producerId: bigint): Uint8Array {
  return batchAt(offsets, { producerId, producerEpoch: 0, baseSequence: 0, isTransactional: true });
}

/** A transaction's end (KIP-98: key int16 version, int16 type; value int16 version, int32 coordinator epoch). */
export function markerAt(offset: number, producerId: bigint, type: 'commit' | 'abort'): Uint8Array {
  const record = {
    offset: BigInt(offset),
    timestamp: firstTimestamp,
    key: new Uint8Array([0, 0, 0, type === 'commit' ? 1 : 0]),
    value: new Uint8Array(6),
    headers: [],
  };
  return encodeBatch([record], {
    codec: 'none',
    timestampType: 'CreateTime',
    partitionLeaderEpoch: 3,
    producerId,
    producerEpoch: 0,
    isTransactional: true,
    isControl: true,
  });
}
