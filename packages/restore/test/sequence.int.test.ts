import { connectKafka } from '@kops/kafka';
import { RecordBatchView, rewriteForProduce } from '@kops/record-batch';
import { sandboxKafka } from '@kops/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nextSequence } from '../src/produce-pipeline.ts';
import { batchAt, offsetsFrom } from './batches.ts';

const sandbox = sandboxKafka({ beforeAll, afterAll });

it('goes past the largest sequence as brokers do, at and around the edge', async () => {
  await using client = await connectKafka({ bootstrapServers: [sandbox().bootstrapServers] });
  const place = { topic: 'wrap', partition: 0 };
  await client.createTopics([{ name: 'wrap', partitions: 1, replicationFactor: 1, configs: {} }]);
  const view = new RecordBatchView(batchAt(offsetsFrom(0, 10)));
  let base = 0n;
  const append = async (producer: { producerId: bigint; producerEpoch: number }, baseSequence: number) =>
    await client.produce({ ...place, batch: rewriteForProduce(view, { ...producer, baseSequence }) });
  for (const first of [2 ** 31 - 25, 2 ** 31 - 20, 2 ** 31 - 11]) {
    const producer = await client.initProducerId();
    let sequence = first;
    for (let batch = 0; batch < 5; batch++) {
      expect(await append(producer, sequence)).toMatchObject({ baseOffset: base, duplicate: false });
      base += 10n;
      sequence = nextSequence(sequence, 10);
    }
    // Negative control: the broker does look at sequences.
    await expect(append(producer, sequence + 1)).rejects.toMatchObject({ code: 'KOPS_KAFKA_PROTOCOL' });
  }
});
