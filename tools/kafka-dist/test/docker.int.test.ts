import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ensureKafkaImage,
  ensureKafkaJars,
  findDocker,
  runDocker,
  runKafkaTool,
  startDockerd,
  type DockerEngine,
  type KafkaJars,
  type OwnDockerEngine,
} from '../src/index.ts';
import { freePorts } from '../src/free-ports.ts';
import { probeMetadata } from '../src/metadata-probe.ts';

describe('Kafka in a container', () => {
  let own: OwnDockerEngine | undefined;
  let engine: DockerEngine | undefined;
  let jars: KafkaJars;
  let missing: string | undefined;

  beforeAll(async () => {
    jars = await ensureKafkaJars();
    engine = await findDocker();
    if (engine !== undefined) return;
    try {
      own = await startDockerd();
      engine = own;
    } catch (error) {
      missing = (error as Error).message;
    }
  });
  afterAll(async () => {
    await own?.[Symbol.asyncDispose]();
  });

  const docker = async (...args: string[]): Promise<string> => {
    if (engine === undefined) throw new Error('no engine');
    const result = await runDocker(engine, args);
    expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    return result.stdout.trim();
  };

  const untilAnswering = async (port: number): Promise<void> => {
    for (let attempt = 0; attempt < 600; attempt++) {
      if ((await probeMetadata('127.0.0.1', port, 1_000))?.brokerIds.length === 1) return;
      await sleep(100);
    }
    throw new Error('the container does not answer');
  };

  const tool = async (mainClass: string, args: string[], stdin?: string): Promise<string> => {
    const result = await runKafkaTool(jars, mainClass, args, stdin === undefined ? {} : { stdin });
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    return result.stdout;
  };

  it('is had once, takes KAFKA_* variables, and recodes records in every codec', async ({
    skip,
  }) => {
    if (engine === undefined) {
      skip(missing);
      return;
    }
    const image = await ensureKafkaImage(engine);
    expect((await ensureKafkaImage(engine)).origin).toBe('present');
    const [port = 0] = await freePorts('127.0.0.1', 1);
    const environment = {
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_NODE_ID: '7',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '7@localhost:9093',
      KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${String(port)}`,
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_LOG_DIRS: '/tmp/logs with\\backslash',
      KAFKA_HEAP_OPTS: '-Xmx256m',
    };
    const variables = Object.entries(environment).flatMap(([name, value]) => [
      '-e',
      `${name}=${value}`,
    ]);
    const container = await docker(
      'run',
      '-d',
      '-p',
      `127.0.0.1:${String(port)}:9092`,
      ...variables,
      image.name,
    );
    try {
      await untilAnswering(port);
      const servers = `127.0.0.1:${String(port)}`;
      for (const codec of ['gzip', 'snappy', 'lz4', 'zstd']) {
        const create = ['--create', '--topic', codec, '--config', `compression.type=${codec}`];
        await tool('org.apache.kafka.tools.TopicCommand', [
          '--bootstrap-server',
          servers,
          ...create,
        ]);
        await tool(
          'org.apache.kafka.tools.ConsoleProducer',
          ['--bootstrap-server', servers, '--topic', codec],
          `a\n${codec}\n`,
        );
        const consume = [
          '--topic',
          codec,
          '--from-beginning',
          '--max-messages',
          '2',
          '--timeout-ms',
          '20000',
        ];
        const read = await tool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
          '--bootstrap-server',
          servers,
          ...consume,
        ]);
        expect(read).toBe(`a\n${codec}\n`);
      }
      expect(await docker('exec', container, 'ls', '/tmp/logs with\\backslash')).toContain(
        'zstd-0',
      );
      // SIGTERM reaches Kafka itself: 143 is the virtual machine's own end after it, 137 would be Docker's kill.
      await docker('stop', '--time', '30', container);
      expect(await docker('inspect', '--format', '{{.State.ExitCode}}', container)).toBe('143');
    } finally {
      await docker('rm', '--force', '--volumes', container);
    }
  });
});
