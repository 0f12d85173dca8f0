import { kafkaAdmin, openJavaProducer, produceWithJava, type KafkaCluster } from '@kops/testkit';

const start = 1_700_000_000_000n;
/** The records are years old: a broker looks half a minute after its start for what its retention lets it delete. */
const kept = { 'retention.ms': '-1' };

/**
 * Topics that a drill has to bring back: many plain records in several codecs, everything a record can be, transactions of which some
 * were aborted, a compacted topic, LogAppendTime, records that are years old, and groups.
 */
export async function fillCluster(cluster: KafkaCluster): Promise<void> {
  const admin = kafkaAdmin(cluster);
  await admin.createTopic({ topic: 'orders', partitions: 3, configs: kept });
  await admin.createTopic({ topic: 'odd', configs: { ...kept, 'max.message.bytes': '2000000' } });
  await admin.createTopic({ topic: 'payments', configs: kept });
  await admin.createTopic({ topic: 'state', configs: { 'cleanup.policy': 'compact' } });
  await admin.createTopic({
    topic: 'stamped',
    configs: { 'message.timestamp.type': 'LogAppendTime' },
  });
  await admin.createTopic({ topic: 'empty', partitions: 2 });
  for (const codec of ['none', 'lz4', 'zstd']) {
    await produceWithJava(
      cluster,
      [
        {
          do: 'generate',
          topic: 'orders',
          count: 3_000,
          partitions: 3,
          valueBytes: 300,
          firstTimestamp: start,
        },
      ],
      { config: { 'compression.type': codec } },
    );
  }
  await produceWithJava(cluster, [
    { do: 'send', topic: 'odd', key: null, value: 'no key', timestamp: start },
    { do: 'send', topic: 'odd', key: '', value: '', timestamp: start + 1n },
    { do: 'send', topic: 'odd', key: 'tombstone', value: null, timestamp: start + 2n },
    {
      do: 'send',
      topic: 'odd',
      key: 'headers',
      value: 'v',
      headers: [
        ['b', '1'],
        ['a', null],
        ['b', ''],
        ['a', '2'],
      ],
      timestamp: start + 3n,
    },
    { do: 'send', topic: 'odd', key: 'last', value: 'last', timestamp: start + 4n },
    { do: 'generate', topic: 'state', count: 500, keys: 50, valueBytes: 40 },
    { do: 'generate', topic: 'stamped', count: 200, valueBytes: 40 },
  ]);
  await fillTransactions(cluster);
  const at = (topic: string, partition: number, offset: bigint) => ({ topic, partition, offset });
  await admin.commitOffsets('billing', [
    { ...at('orders', 0, 1_234n), metadata: 'note' },
    at('orders', 1, 0n),
    at('payments', 0, 7n),
    at('odd', 0, 3n),
  ]);
  await admin.commitOffsets('done', [at('odd', 0, 5n)]);
}

async function fillTransactions(cluster: KafkaCluster): Promise<void> {
  await using producer = await openJavaProducer(cluster, {
    config: { 'transactional.id': 'payments', 'compression.type': 'lz4' },
  });
  for (let index = 0; index < 20; index++) {
    const send = (part: number) => ({
      do: 'send' as const,
      topic: 'payments',
      key: `k${String(index)}`,
      value: `payment ${String(index)} part ${String(part)}`,
      timestamp: start + BigInt(index),
    });
    await producer.run([
      { do: 'begin' },
      send(1),
      send(2),
      { do: index % 4 === 1 ? 'abort' : 'commit' },
    ]);
  }
}
