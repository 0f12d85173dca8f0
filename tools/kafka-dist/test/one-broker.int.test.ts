import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runKafkaTool, startKafka, type KafkaCluster } from '../src/index.ts';

const topicCommand = 'org.apache.kafka.tools.TopicCommand';

describe('one broker', () => {
  let kafka: KafkaCluster;

  beforeAll(async () => {
    kafka = await startKafka();
  });
  afterAll(async () => {
    await kafka[Symbol.asyncDispose]();
  });

  const listTopics = async (): Promise<string[]> => {
    const args = ['--bootstrap-server', kafka.bootstrapServers, '--list'];
    const result = await runKafkaTool(kafka.jars, topicCommand, args);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    return result.stdout.split('\n').filter((line) => line !== '');
  };

  it('keeps its topics over a crash and a restart on the same port', async () => {
    const args = ['--bootstrap-server', kafka.bootstrapServers, '--create', '--topic', 'kept'];
    expect((await runKafkaTool(kafka.jars, topicCommand, args)).exitCode).toBe(0);
    const before = kafka.brokers[0];
    await kafka.kill(1);
    expect(kafka.brokers[0]?.pid).toBeUndefined();
    await kafka.restart(1);
    const after = kafka.brokers[0];
    expect(after?.port).toBe(before?.port);
    expect(after?.pid).not.toBe(before?.pid);
    expect(await listTopics()).toEqual(['kept']);
  });

  it('refuses to start a broker that runs and to name one that is not there', async () => {
    await expect(kafka.restart(1)).rejects.toMatchObject({ code: 'KOPS_REFUSED' });
    await expect(kafka.kill(2)).rejects.toMatchObject({ code: 'KOPS_USAGE' });
    expect(() => kafka.saslBootstrapServers).toThrow(/no sasl listener/);
  });

  it('shuts down in order within the grace time', async () => {
    expect(await kafka.stop(1)).toBe(true);
    await kafka.restart(1);
    expect(await listTopics()).toEqual(['kept']);
  });
});
