import { encodeBatch, type KafkaRecord } from '@kops/record-batch';
import type { ProducerIdentity } from '../src/index.ts';

/** A batch of records with the values given, with base offset 0 as brokers want it. */
export function batchOf(
  values: readonly string[],
  sequence?: ProducerIdentity & { readonly baseSequence: number },
): Uint8Array {
  const records = values.map((value, index): KafkaRecord => ({
    offset: BigInt(index),
    timestamp: 1_700_000_000_000n,
    key: null,
    value: Buffer.from(value),
    headers: [],
  }));
  return encodeBatch(records, { codec: 'none', timestampType: 'CreateTime', ...sequence });
}
