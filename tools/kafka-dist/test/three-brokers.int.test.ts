import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runKafkaTool, startKafka, type KafkaCluster } from '../src/index.ts';
import { probeMetadata } from '../src/metadata-probe.ts';

describe('three brokers', () => {
  let kafka: KafkaCluster;

  beforeAll(async () => {
    kafka = await startKafka({ brokers: 3, racks: ['a', 'b', 'c'] });
  });
  afterAll(async () => {
    await kafka[Symbol.asyncDispose]();
  });

  const tool = async (mainClass: string, ...args: string[]): Promise<string> => {
    const result = await runKafkaTool(kafka.jars, mainClass, [
      '--bootstrap-server',
      kafka.bootstrapServers,
      ...args,
    ]);
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    return result.stdout;
  };
  const seenBy = async (id: number): Promise<readonly number[] | undefined> => {
    const broker = kafka.brokers.find((candidate) => candidate.id === id);
    return (await probeMetadata('127.0.0.1', broker?.port ?? 0, 1_000))?.brokerIds;
  };

  it('all know each other, and replicate a topic to each log directory', async () => {
    for (const { id } of kafka.brokers) expect(await seenBy(id)).toEqual([1, 2, 3]);
    await tool(
      'org.apache.kafka.tools.TopicCommand',
      '--create',
      '--topic',
      'spread',
      '--replication-factor',
      '3',
    );
    await vi.waitFor(async () => {
      for (const { id } of kafka.brokers)
        expect(await readdir(kafka.logDirOf(id))).toContain('spread-0');
    });
  });

  it.each([1, 2, 3])('live on when broker %d is killed, and take it back', async (id) => {
    await kafka.kill(id);
    const other = (id % 3) + 1;
    const rest = [1, 2, 3].filter((candidate) => candidate !== id);
    await vi.waitFor(async () => expect(await seenBy(other)).toEqual(rest), {
      timeout: 30_000,
      interval: 100,
    });
    const described = await tool(
      'org.apache.kafka.tools.TopicCommand',
      '--describe',
      '--topic',
      'spread',
    );
    expect(described).toMatch(/Leader: [123]/);
    await kafka.restart(id);
    expect(await seenBy(id)).toContain(id);
    await vi.waitFor(async () => expect(await seenBy(other)).toEqual([1, 2, 3]), {
      timeout: 30_000,
      interval: 100,
    });
  });

  it('a paused broker keeps its port open and answers nothing until resumed', async () => {
    kafka.pause(2);
    expect(await seenBy(2)).toBeUndefined();
    kafka.resume(2);
    await vi.waitFor(async () => expect(await seenBy(2)).toEqual([1, 2, 3]), {
      timeout: 30_000,
      interval: 100,
    });
  });

  it('knows the racks', async () => {
    const output = await tool('org.apache.kafka.tools.BrokerApiVersionsCommand');
    for (const rack of ['a', 'b', 'c']) expect(output).toContain(`rack: ${rack}`);
  });
});
