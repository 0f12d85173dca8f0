import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectKafka } from '@kops/kafka';
import { kafkaAdmin, readWithJava, sandboxKafka, toBase64 } from '@kops/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { archiveOf } from './archive-fixture.ts';
import { batchAt, offsetsFrom, recordAt } from './batches.ts';
import { restoreTo } from './real-restore.ts';

const sandbox = sandboxKafka({ beforeAll, afterAll });

it('fills a topic that is there and empty, whatever its configs are', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kops-restore-int-'));
  try {
    const configs = {
      'cleanup.policy': 'compact',
      'message.timestamp.type': 'LogAppendTime',
      'max.message.bytes': '100',
      'compression.type': 'gzip',
    };
    await kafkaAdmin(sandbox()).createTopic({ topic: 'there', configs });
    await using client = await connectKafka({ bootstrapServers: [sandbox().bootstrapServers] });
    const batches = offsetsFrom(0, 20).map((index) => batchAt(offsetsFrom(index * 10, 10)));
    const source = [{ name: 'segment.ms', value: '3600000', source: 'DYNAMIC_TOPIC_CONFIG' }];
    const archive = await archiveOf([
      { name: 'there', partitions: [{ batches }], configs: source },
    ]);
    const result = await restoreTo(client, archive, join(folder, 'state.json'));
    expect(result.topics[0]).toMatchObject({ created: false, partitions: [{ strategy: 'exact' }] });
    const records = await readWithJava(sandbox(), { topics: ['there'] });
    expect(
      records.map(({ offset, timestamp, key, value }) => [offset, timestamp, key, value]),
    ).toEqual(
      offsetsFrom(0, 200).map((offset) => {
        const { timestamp, key, value } = recordAt(offset);
        return [BigInt(offset), timestamp, toBase64(key), toBase64(value)];
      }),
    );
    expect(await kafkaAdmin(sandbox()).listTopicConfig('there')).toEqual({
      'segment.ms': '3600000',
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
