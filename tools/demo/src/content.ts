import type { KafkaClient } from '@kops/kafka';
import { encodeBatch, type CompressionCodec, type KafkaRecord } from '@kops/record-batch';

/** Order events in the demo. */
export const orderCount = 6000;
/** Partitions of the topic `orders`. */
export const orderPartitions = 5;

const batchSize = 200;
const products = ['espresso', 'filter', 'cold brew', 'decaf', 'beans 1 kg'];
const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');

/** The classic: 100 records, key = value = "0" … "99". */
export function classicRecords(now: number): KafkaRecord[] {
  return Array.from({ length: 100 }, (_, number) => ({
    offset: BigInt(number),
    timestamp: BigInt(now),
    key: bytes(String(number)),
    value: bytes(String(number)),
    headers: [],
  }));
}

/** Order events: keys mostly, some without; now and then a tombstone; headers with a repeated key and one without value. */
export function orderRecords(partition: number, now: number): KafkaRecord[] {
  return Array.from({ length: orderCount / orderPartitions }, (_, index) => {
    const order = index * orderPartitions + partition;
    const value = JSON.stringify({
      order,
      customer: `c-${String(order % 977)}`,
      product: products[order % products.length],
      cents: 250 + (order % 40) * 5,
    });
    return {
      offset: BigInt(index),
      timestamp: BigInt(now - (orderCount - order) * 1000),
      key: order % 17 === 0 ? null : bytes(`order-${String(order)}`),
      value: order % 29 === 0 ? null : bytes(value),
      headers: [
        { key: 'source', value: bytes('web') },
        { key: 'trace', value: bytes(`t-${String(order)}`) },
        ...(order % 5 === 0 ? [{ key: 'trace', value: null }] : []),
      ],
    };
  });
}

/** Produces records of one partition in batches; `codecs` take turns. */
export async function produceAll(
  kafka: KafkaClient,
  at: { readonly topic: string; readonly partition: number },
  records: readonly KafkaRecord[],
  codecs: readonly CompressionCodec[],
): Promise<void> {
  const producer = await kafka.initProducerId();
  for (let start = 0; start < records.length; start += batchSize) {
    const batch = records
      .slice(start, start + batchSize)
      .map((record, index) => ({ ...record, offset: BigInt(index) }));
    const codec = codecs[(start / batchSize) % codecs.length] ?? 'none';
    await kafka.produce({
      ...at,
      batch: encodeBatch(batch, {
        ...producer,
        codec,
        timestampType: 'CreateTime',
        baseSequence: start,
      }),
    });
  }
}
