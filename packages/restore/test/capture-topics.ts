import type { TopicConfig } from '@kops/archive-format';
import type { KafkaClient } from '@kops/kafka';
import { splitBatches } from '@kops/record-batch';
import type { PartitionFixture, TopicFixture } from './archive-fixture.ts';

/** Takes topics off a broker as raw batches, up to their last stable offsets. */
export async function captureTopics(
  kafka: KafkaClient,
  names: readonly string[],
): Promise<TopicFixture[]> {
  const configs = await kafka.topicConfigs(names);
  const found = await kafka.topics(names);
  return await Promise.all(
    found.map(async ({ name, id, partitions }) => ({
      name,
      configs: (configs.get(name) ?? []).map(({ name: config, value, source }): TopicConfig => ({
        name: config,
        value,
        source,
      })),
      replicationFactor: partitions[0]?.replicas.length ?? 1,
      partitions: await Promise.all(
        partitions.map(
          async ({ partition }) =>
            await capturePartition(kafka, { topic: name, partition, topicId: id }),
        ),
      ),
    })),
  );
}

async function capturePartition(
  kafka: KafkaClient,
  place: {
    readonly topic: string;
    readonly partition: number;
    readonly topicId: string | undefined;
  },
): Promise<PartitionFixture> {
  const [logStart = 0n] = await kafka.listOffsets([place], 'earliest');
  const [cut = 0n] = await kafka.listOffsets([place], 'lastStable');
  const batches: Uint8Array[] = [];
  let offset = logStart;
  while (offset < cut) {
    const result = await kafka.fetch({
      ...place,
      offset,
      currentLeaderEpoch: -1,
      maxBytes: 1024 * 1024,
      maxWaitMs: 0,
    });
    if (result.status !== 'ok') throw new Error(`fetch: ${result.status}`);
    const before = offset;
    for (const view of splitBatches(result.bytes)) {
      if (view.nextOffset <= offset || view.baseOffset >= cut) continue;
      batches.push(Uint8Array.from(view.bytes));
      offset = view.nextOffset;
    }
    // What compaction took from the end leaves nothing to fetch.
    if (offset === before) break;
  }
  return { batches, logStart, cut, batchesPerSegment: 50 };
}
