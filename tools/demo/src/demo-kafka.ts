import { createServer } from 'node:net';
import { KopsError, systemClock, throwIfAborted, toKopsError } from '@kops/core';
import { connectKafka } from '@kops/kafka';
import {
  ensureKafkaImage,
  findDocker,
  runDocker,
  runKafkaTool,
  startKafka,
  type DockerEngine,
} from '@kops/kafka-dist';

/** The throwaway Kafka of the demo, wherever it runs. */
export interface DemoKafka extends AsyncDisposable {
  readonly description: string;
  readonly bootstrapServers: string;
  /** Runs one of Kafka's console tools by class name and gives back its standard output. */
  runTool(mainClass: string, args: readonly string[]): Promise<string>;
}

const toolMs = 90_000;
const startMs = 120_000;

/**
 * Starts one broker: in a JVM of this machine where it has Java and Maven, else in a container.
 * @throws KOPS_SANDBOX_UNAVAILABLE that says what is missing for either
 */
export async function startDemoKafka(signal: AbortSignal): Promise<DemoKafka> {
  try {
    return await startJvm(signal);
  } catch (thrown) {
    const error = toKopsError(thrown);
    if (error.code !== 'KOPS_SANDBOX_UNAVAILABLE') throw error;
    const engine = await findDocker({ signal });
    if (engine !== undefined) return startContainer(engine, signal);
    throw new KopsError(
      'KOPS_SANDBOX_UNAVAILABLE',
      `there is no Docker engine, and no Kafka in a JVM either: ${error.message}`,
      { hint: error.hint ?? 'Install Java 17 and Maven, or a Docker engine.', cause: error },
    );
  }
}

async function startJvm(signal: AbortSignal): Promise<DemoKafka> {
  const kafka = await startKafka({ brokers: 1, signal });
  return {
    description: `one broker of Kafka ${kafka.jars.version} in a JVM`,
    bootstrapServers: kafka.bootstrapServers,
    runTool: async (mainClass, args) =>
      (await runKafkaTool(kafka.jars, mainClass, args, { timeoutMs: toolMs, signal })).stdout,
    [Symbol.asyncDispose]: () => kafka[Symbol.asyncDispose](),
  };
}

async function startContainer(engine: DockerEngine, signal: AbortSignal): Promise<DemoKafka> {
  const image = await ensureKafkaImage(engine, { signal });
  const port = await freePort();
  const address = `127.0.0.1:${String(port)}`;
  const environment = {
    KAFKA_NODE_ID: '1',
    KAFKA_PROCESS_ROLES: 'broker,controller',
    // Two listeners: the tools inside the container do not see the port that the engine maps.
    KAFKA_LISTENERS: 'OUTSIDE://0.0.0.0:9092,INSIDE://localhost:9094,CONTROLLER://localhost:9093',
    KAFKA_ADVERTISED_LISTENERS: `OUTSIDE://${address},INSIDE://localhost:9094`,
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'OUTSIDE:PLAINTEXT,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT',
    KAFKA_INTER_BROKER_LISTENER_NAME: 'INSIDE',
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
  };
  const variables = Object.entries(environment).flatMap(([name, value]) => [
    '-e',
    `${name}=${value}`,
  ]);
  const id = (
    await docker(engine, [
      ...['run', '-d', '--rm', '-p', `${address}:9092`, ...variables, image.name],
    ])
  ).trim();
  const kafka: DemoKafka = {
    description: `one broker of Kafka ${image.version} in a container of ${image.name}`,
    bootstrapServers: address,
    runTool: (mainClass, args) => {
      const inside = args.map((arg) => (arg === address ? 'localhost:9094' : arg));
      const java = ['java', '-Xmx256m', '-cp', '/opt/kafka/libs/*', mainClass, ...inside];
      return docker(engine, ['exec', id, ...java], { mayFail: true });
    },
    [Symbol.asyncDispose]: async () => {
      await docker(engine, ['rm', '-f', id], { mayFail: true });
    },
  };
  try {
    await untilAnswers(address, signal);
    return kafka;
  } catch (error) {
    await kafka[Symbol.asyncDispose]();
    throw error;
  }
}

async function docker(
  engine: DockerEngine,
  args: readonly string[],
  { mayFail = false }: { mayFail?: boolean } = {},
): Promise<string> {
  const result = await runDocker(engine, args, { timeoutMs: toolMs });
  if (result.exitCode === 0 || mayFail) return result.stdout;
  throw new KopsError(
    'KOPS_SANDBOX_UNAVAILABLE',
    `docker ${args[0] ?? ''} failed: ${result.stderr.trim()}`,
    { hint: 'See what the Docker engine says.' },
  );
}

async function untilAnswers(address: string, signal: AbortSignal): Promise<void> {
  const deadline = systemClock.monotonic() + startMs;
  for (;;) {
    throwIfAborted(signal);
    try {
      await using client = await connectKafka({
        bootstrapServers: [address],
        retryDeadlineMs: 2_000,
      });
      if ((await client.describeCluster()).brokers.length > 0) return;
    } catch (thrown) {
      if (systemClock.monotonic() > deadline) throw thrown;
    }
    await systemClock.sleep(200, signal);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new RangeError('no port');
  return address.port;
}
