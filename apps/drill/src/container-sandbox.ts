import { cleanedUp, KopsError, throwIfAborted, toKopsError, type Clock } from '@kops/core';
import { connectKafka } from '@kops/kafka';
import { ensureKafkaImage, runDocker, type DockerEngine } from '@kops/kafka-dist';
import type { StartedTestContainer } from 'testcontainers';
import type { Sandbox } from './sandbox.ts';

const port = 9092;
const startTimeoutMs = 120_000;
const pollMs = 100;
const waitingLine = 'kops: waiting for the port';

/** What the container does until it is told which port clients will see. */
const bootstrap = `echo '${waitingLine}'; until [ -e /tmp/kops-go ]; do sleep 0.05; done; exec sh /tmp/kops-start`;

/** One node that is broker and controller. Nothing of what is restored is deleted but by a topic's own configs. */
const environment = {
  KAFKA_NODE_ID: '1',
  KAFKA_PROCESS_ROLES: 'broker,controller',
  KAFKA_LISTENERS: 'PLAINTEXT://0.0.0.0:9092,CONTROLLER://localhost:9093',
  KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
  KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
  KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
  KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
  KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
  KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
  KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
  KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
};

/** How a container is started. */
export interface ContainerOptions {
  readonly signal?: AbortSignal;
  readonly clock: Clock;
}

/**
 * Starts Kafka in a container. Advertised listeners need the port that the engine maps, which is known only once the container runs:
 * so it waits for a script that is written then.
 * @throws KOPS_SANDBOX_UNAVAILABLE with what the engine says; KOPS_INTERRUPTED
 */
export async function startContainer(
  engine: DockerEngine,
  why: string,
  options: ContainerOptions,
): Promise<Sandbox> {
  const image = await ensureKafkaImage(
    engine,
    options.signal === undefined ? {} : { signal: options.signal },
  );
  throwIfAborted(options.signal);
  let container: StartedTestContainer | undefined;
  try {
    container = await launch(engine, image.name);
    throwIfAborted(options.signal);
    const address = `${container.getHost()}:${container.getMappedPort(port)}`;
    await release(container, address);
    await untilAnswers(address, options);
    return sandboxOf(container, address, `Kafka in a container of ${image.name} (${why})`);
  } catch (thrown) {
    const error = toKopsError(await cleanedUp(thrown, async () => container?.stop()));
    if (error.code !== 'KOPS_UNEXPECTED') throw error;
    throw new KopsError('KOPS_SANDBOX_UNAVAILABLE', `cannot start a container: ${error.message}`, {
      hint: 'Check the logs of the Docker engine, or use --sandbox jvm.',
      cause: thrown,
    });
  }
}

/** Loaded late: it looks at the environment when it is loaded, and other sandboxes do without it. */
async function launch(engine: DockerEngine, image: string): Promise<StartedTestContainer> {
  if (!(await hasRyuk(engine))) process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  const { GenericContainer, Wait } = await import('testcontainers');
  return new GenericContainer(image)
    .withPullPolicy({ shouldPull: () => false })
    .withExposedPorts(port)
    .withEnvironment(environment)
    .withLabels({ 'io.kops.drill': 'true' })
    .withEntrypoint(['sh', '-c'])
    .withCommand([bootstrap])
    .withWaitStrategy(Wait.forLogMessage(waitingLine))
    .withStartupTimeout(startTimeoutMs)
    .start();
}

/** Ryuk removes containers of a process that was killed; where its image is absent we can only stop them ourselves. */
async function hasRyuk(engine: DockerEngine): Promise<boolean> {
  const result = await runDocker(engine, ['image', 'ls', '-q', 'testcontainers/ryuk'], {
    timeoutMs: 30_000,
  });
  return result.exitCode === 0 && result.stdout.trim() !== '';
}

async function release(container: StartedTestContainer, address: string): Promise<void> {
  const script = `export KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://${address}\nexec /etc/kafka/docker/run\n`;
  await container.copyContentToContainer([{ content: script, target: '/tmp/kops-start' }]);
  // A file of its own: the script may be seen before it is whole.
  await container.copyContentToContainer([{ content: 'go\n', target: '/tmp/kops-go' }]);
}

async function untilAnswers(address: string, { signal, clock }: ContainerOptions): Promise<void> {
  const until = clock.monotonic() + startTimeoutMs;
  for (;;) {
    throwIfAborted(signal);
    try {
      await using kafka = await connectKafka({
        bootstrapServers: [address],
        connectTimeoutMs: 2_000,
        retryDeadlineMs: 2_000,
      });
      if ((await kafka.describeCluster()).brokers.length > 0) return;
    } catch (thrown) {
      const error = toKopsError(thrown);
      if (!error.retryable && error.code !== 'KOPS_KAFKA_PROTOCOL') throw error;
      if (clock.monotonic() >= until) throw error;
    }
    await clock.sleep(pollMs, signal);
  }
}

function sandboxOf(container: StartedTestContainer, address: string, description: string): Sandbox {
  return {
    kind: 'testcontainers',
    description,
    kafka: { bootstrapServers: [address] },
    [Symbol.asyncDispose]: async () => {
      await container.stop();
    },
  };
}
