/** Fetches every partition of a topic from its start to its end, all at once, and lets go of the bytes. */
import { connectKafka, type KafkaClient, type TopicMetadata } from '@kops/kafka';
import { splitBatches } from '@kops/record-batch';

/** As the agent asks for them. */
const maxBytes = 1024 * 1024;

interface Settings {
  readonly bootstrapServers: string;
  readonly topic: string;
}

async function fetchAll(
  client: KafkaClient,
  topic: TopicMetadata,
  partition: number,
  end: bigint,
): Promise<number> {
  let bytes = 0;
  let offset = 0n;
  while (offset < end) {
    const result = await client.fetch({
      topic: topic.name,
      partition,
      topicId: topic.id,
      offset,
      currentLeaderEpoch: -1,
      maxBytes,
      maxWaitMs: 500,
    });
    if (result.status !== 'ok')
      throw new Error(
        `fetch of ${topic.name}-${String(partition)} at ${String(offset)}: ${result.status}`,
      );
    for (const batch of splitBatches(result.bytes)) {
      bytes += batch.sizeInBytes;
      offset = batch.nextOffset;
    }
    result.release?.();
  }
  return bytes;
}

const { bootstrapServers, topic } = JSON.parse(process.argv[2] ?? '') as Settings;
await using client = await connectKafka({ bootstrapServers: bootstrapServers.split(',') });
const [metadata] = await client.topics([topic]);
if (metadata === undefined) throw new Error(`no metadata of ${topic}`);
const partitions = metadata.partitions.map(({ partition }) => ({ topic, partition }));
const ends = await client.listOffsets(partitions, 'latest');
const started = performance.now();
const bytes = await Promise.all(
  partitions.map(({ partition }, index) =>
    fetchAll(client, metadata, partition, ends[index] ?? 0n),
  ),
);
const seconds = (performance.now() - started) / 1000;
process.stdout.write(
  JSON.stringify({ seconds, amount: bytes.reduce((sum, part) => sum + part, 0) }),
);
