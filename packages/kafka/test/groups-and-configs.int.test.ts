import { kafkaAdmin, openJavaProducer, sandboxKafka } from '@kops/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectKafka, type CommittedOffset, type KafkaClient } from '../src/index.ts';
import { joinGroup } from './group-member.ts';

describe('topics, configs and groups of a broker', () => {
  const kafka = sandboxKafka({ beforeAll, afterAll });
  let client: KafkaClient;

  beforeAll(async () => {
    client = await connectKafka({ bootstrapServers: [kafka().bootstrapServers] });
    await client.createTopics([
      { name: 'orders', partitions: 3, replicationFactor: 1, configs: {} },
    ]);
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
  });

  it('creates topics with their configs, usable when the call returns', async () => {
    const assignments = [[1], [1]];
    await client.createTopics([
      {
        name: 'made',
        partitions: 4,
        replicationFactor: 1,
        configs: { 'retention.ms': '-1', 'cleanup.policy': 'compact,delete' },
      },
      { name: 'assigned', partitions: 0, replicationFactor: 0, assignments, configs: {} },
    ]);
    const [made] = await kafkaAdmin(kafka()).describeTopics('made');
    expect(made?.partitions).toHaveLength(4);
    expect((await client.topics(['assigned']))[0]?.partitions).toHaveLength(2);
    expect(await kafkaAdmin(kafka()).listTopicConfig('made')).toEqual({
      'retention.ms': '-1',
      'cleanup.policy': 'compact,delete',
    });
  });

  it('refuses to create what exists or what the broker does not understand', async () => {
    const topic = { name: 'orders', partitions: 3, replicationFactor: 1, configs: {} };
    await expect(client.createTopics([topic])).rejects.toMatchObject({
      code: 'KOPS_REFUSED',
      at: { topic: 'orders' },
    });
    await expect(
      client.createTopics([{ ...topic, name: 'odd', configs: { 'no.such': '1' } }]),
    ).rejects.toMatchObject({
      code: 'KOPS_CONFIG',
      message: expect.stringContaining('no.such') as string,
    });
    await expect(
      client.createTopics([{ ...topic, name: 'wide', replicationFactor: 3 }]),
    ).rejects.toMatchObject({
      code: 'KOPS_CONFIG',
      at: { topic: 'wide' },
    });
    await expect(client.deleteTopics(['nowhere'])).rejects.toMatchObject({
      code: 'KOPS_TOPIC_NOT_FOUND',
    });
  });

  it('tells whether a topic would be created, and its configs, without creating it', async () => {
    const topic = { name: 'planned', partitions: 2, replicationFactor: 1 };
    const found = await client.validateTopics([
      { ...topic, configs: { 'retention.ms': '1000' } },
      { ...topic, name: 'odd', configs: { 'no.such': '1' } },
      { ...topic, name: 'orders', configs: {} },
    ]);
    const planned = found.get('planned')!;
    expect(planned.error).toBeNull();
    const valueOf = (name: string) => planned.configs.find((entry) => entry.name === name);
    expect(valueOf('retention.ms')).toMatchObject({
      value: '1000',
      source: 'DYNAMIC_TOPIC_CONFIG',
    });
    expect(valueOf('max.message.bytes')).toMatchObject({ value: '1048588' });
    expect(found.get('odd')?.error).toMatchObject({ code: 'KOPS_CONFIG', at: { topic: 'odd' } });
    expect(found.get('orders')?.error).toMatchObject({ code: 'KOPS_REFUSED' });
    expect((await client.topics()).map(({ name }) => name)).not.toContain('planned');
  });

  it('checks a change of configs without making it', async () => {
    const admin = kafkaAdmin(kafka());
    await admin.alterTopicConfig('orders', { 'retention.ms': '1000' });
    const change = { 'retention.ms': '5000' };
    await client.alterTopicConfigs('orders', change, { validateOnly: true });
    expect(await admin.listTopicConfig('orders')).toEqual({ 'retention.ms': '1000' });
    const wrong = { 'retention.ms': 'x' };
    await expect(
      client.alterTopicConfigs('orders', wrong, { validateOnly: true }),
    ).rejects.toMatchObject({ code: 'KOPS_CONFIG' });
    await client.alterTopicConfigs('orders', { 'retention.ms': null });
  });

  it('changes single configs and leaves the others', async () => {
    await kafkaAdmin(kafka()).alterTopicConfig('orders', {
      'retention.ms': '1000',
      'segment.bytes': '2000000',
    });
    await client.alterTopicConfigs('orders', {
      'retention.ms': null,
      'max.message.bytes': '77777',
    });
    expect(await kafkaAdmin(kafka()).listTopicConfig('orders')).toEqual({
      'segment.bytes': '2000000',
      'max.message.bytes': '77777',
    });
    const entries = (await client.topicConfigs(['orders'])).get('orders')!;
    expect(entries.find(({ name }) => name === 'max.message.bytes')).toEqual({
      name: 'max.message.bytes',
      value: '77777',
      source: 'DYNAMIC_TOPIC_CONFIG',
      isSensitive: false,
      isReadOnly: false,
    });
    expect(entries.find(({ name }) => name === 'retention.ms')?.source).toBe('DEFAULT_CONFIG');
    await expect(client.alterTopicConfigs('orders', { 'retention.ms': 'x' })).rejects.toMatchObject(
      { code: 'KOPS_CONFIG' },
    );
    await expect(client.topicConfigs(['nowhere'])).rejects.toMatchObject({
      code: 'KOPS_TOPIC_NOT_FOUND',
    });
  });

  it('commits offsets with metadata from outside a group, as Java reads them', async () => {
    const offsets: CommittedOffset[] = [
      { topic: 'orders', partition: 0, offset: 5n, leaderEpoch: -1, metadata: 'Grüße {"at":1}' },
      { topic: 'orders', partition: 2, offset: 0n, leaderEpoch: 3, metadata: '' },
    ];
    await client.commitOffsets('billing', offsets);
    expect(await client.committedOffsets('billing')).toEqual(offsets);
    const seen = await kafkaAdmin(kafka()).listGroupOffsets('billing');
    expect(
      seen.map(({ partition, offset, metadata }) => ({ partition, offset, metadata })),
    ).toEqual([
      { partition: 0, offset: 5n, metadata: 'Grüße {"at":1}' },
      { partition: 2, offset: 0n, metadata: '' },
    ]);
    expect(await client.committedOffsets('nobody')).toEqual([]);
  });

  it('reads what Java committed', async () => {
    await kafkaAdmin(kafka()).commitOffsets('java', [
      { topic: 'orders', partition: 1, offset: 12n, metadata: 'from java' },
    ]);
    expect(await client.committedOffsets('java')).toMatchObject([
      { topic: 'orders', partition: 1, offset: 12n, metadata: 'from java' },
    ]);
  });

  it.each(['classic', 'consumer'])(
    'lists a %s group with its members and refuses to touch it',
    async (protocol) => {
      const group = `live-${protocol}`;
      await using member = await joinGroup(kafka(), group, 'orders', protocol);
      await expect
        .poll(async () => (await client.listGroups()).find((found) => found.group === group), {
          timeout: 30_000,
        })
        .toEqual({ group, state: 'Stable', protocolType: 'consumer', members: 1 });
      const offset = { topic: 'orders', partition: 0, offset: 1n, leaderEpoch: -1, metadata: null };
      await expect(client.commitOffsets(group, [offset])).rejects.toMatchObject({
        code: 'KOPS_REFUSED',
        at: { group },
      });
      await expect(client.deleteGroups([group])).rejects.toMatchObject({
        code: 'KOPS_REFUSED',
        at: { group },
      });
      expect(member.isRunning).toBe(true);
    },
  );

  it('deletes groups', async () => {
    await client.commitOffsets('short', [
      { topic: 'orders', partition: 0, offset: 1n, leaderEpoch: -1, metadata: null },
    ]);
    const names = async () => (await client.listGroups()).map(({ group }) => group);
    expect(await names()).toContain('short');
    await client.deleteGroups(['short']);
    expect(await names()).not.toContain('short');
    await expect(client.deleteGroups(['short'])).rejects.toMatchObject({
      code: 'KOPS_GROUP_NOT_FOUND',
    });
  });

  it('gives a transactional id the same producer id with a higher epoch, and fences the one before', async () => {
    const first = await client.initProducerId('transfers');
    const second = await client.initProducerId('transfers');
    expect(second).toEqual({
      producerId: first.producerId,
      producerEpoch: first.producerEpoch + 1,
    });
    const java = await openJavaProducer(kafka(), { config: { 'transactional.id': 'transfers' } });
    expect((await client.initProducerId()).producerId).not.toBe(first.producerId);
    await client.initProducerId('transfers');
    const send = [
      { do: 'begin' as const },
      { do: 'send' as const, topic: 'orders', partition: 0, value: 'x' },
      { do: 'commit' as const },
    ];
    await expect(java.run(send)).rejects.toThrow();
    await java.abandon();
  });
});
