import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  kafkaAdmin,
  openJavaProducer,
  readWithJava,
  readWithKcat,
  sandboxKafka,
} from '../src/index.ts';

const kafka = sandboxKafka({ beforeAll, afterAll });

it('kcat and the Java client see the same records, and both hide aborted ones', async ({
  skip,
}) => {
  const topic = 'seen-twice';
  await kafkaAdmin(kafka()).createTopic({ topic, partitions: 2 });
  const config = { 'transactional.id': 'kcat', 'compression.type': 'zstd' };
  await using producer = await openJavaProducer(kafka(), { config });
  await producer.run([
    { do: 'begin' },
    {
      do: 'generate',
      topic,
      count: 500,
      partitions: 2,
      content: 'random',
      firstTimestamp: 1_700_000_000_000n,
    },
    {
      do: 'send',
      topic,
      partition: 0,
      key: null,
      value: null,
      headers: [
        ['a', null],
        ['b', 'x'],
      ],
      timestamp: 1n,
    },
    { do: 'send', topic, partition: 0, key: '', value: '', timestamp: 2n },
    { do: 'commit' },
    { do: 'begin' },
    { do: 'send', topic, partition: 1, value: 'dropped' },
    { do: 'abort' },
  ]);
  for (const isolation of ['read_committed', 'read_uncommitted'] as const) {
    const outcome = await readWithKcat(kafka().bootstrapServers, { topics: [topic], isolation });
    if ('skipped' in outcome) {
      skip(outcome.skipped);
      return;
    }
    const java = await readWithJava(kafka(), { topics: [topic], isolation });
    expect(java).toHaveLength(isolation === 'read_committed' ? 502 : 503);
    const common = java.map(({ partition, offset, timestamp, key, value }) => ({
      partition,
      offset,
      timestamp,
      key,
      value,
    }));
    expect(outcome.records).toMatchObject(common);
    expect(outcome.records).toHaveLength(common.length);
    const nulls = outcome.records.find((record) => record.partition === 0 && record.value === null);
    expect(nulls?.headersText).toBe('a=NULL,b=x');
  }
});

it('kcat says what is wrong with a topic that is not there', async ({ skip }) => {
  const outcome = readWithKcat(kafka().bootstrapServers, { topics: ['absent'] });
  if (
    await outcome.then(
      (done) => 'skipped' in done,
      () => false,
    )
  )
    skip('kcat is not installed');
  await expect(outcome).rejects.toMatchObject({ code: 'KOPS_KAFKA_PROTOCOL' });
});
