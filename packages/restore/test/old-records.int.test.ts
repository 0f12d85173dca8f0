import { connectKafka, type KafkaClient } from '@kops/kafka';
import { encodeBatch, RecordBatchView, rewriteForProduce } from '@kops/record-batch';
import { sandboxKafka } from '@kops/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { firstTimestamp, offsetsFrom, recordAt } from './batches.ts';

const sandbox = sandboxKafka({ beforeAll, afterAll });

/** Sends a batch, crashes the broker, and sends the same batch again: where it landed both times. */
async function repeatOverCrash(
  client: KafkaClient,
  topic: string,
  timestamp: bigint,
): Promise<bigint[]> {
  await client.createTopics([
    { name: topic, partitions: 1, replicationFactor: 1, configs: { 'retention.ms': '-1' } },
  ]);
  const producer = await client.initProducerId();
  const records = offsetsFrom(0, 10).map((offset) => ({ ...recordAt(offset), timestamp }));
  const stored = encodeBatch(records, { codec: 'none', timestampType: 'CreateTime' });
  const batch = rewriteForProduce(new RecordBatchView(stored), { ...producer, baseSequence: 0 });
  const append = async (): Promise<bigint> =>
    (await client.produce({ topic, partition: 0, batch })).baseOffset;
  const before = [await append(), await append()];
  const broker = sandbox().brokers[0]?.id ?? 1;
  await sandbox().kill(broker);
  await sandbox().restart(broker);
  return [...before, await append()];
}

it('shows why a restore sends nothing again: a broker forgets producers of old records', async () => {
  await using client = await connectKafka({ bootstrapServers: [sandbox().bootstrapServers] });
  // A repeated batch is known as such as long as the broker remembers its producer, and that it does by the records' time.
  expect(await repeatOverCrash(client, 'recent', BigInt(Date.now()))).toEqual([0n, 0n, 0n]);
  expect(await repeatOverCrash(client, 'old', firstTimestamp)).toEqual([0n, 0n, 10n]);
});
