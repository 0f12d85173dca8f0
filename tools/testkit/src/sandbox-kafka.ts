import { startKafka, type KafkaCluster, type KafkaOptions } from '@kops/kafka-dist';

/**
 * Starts a throwaway Kafka for a test file: in `beforeAll`, with `await kafka[Symbol.asyncDispose]()` in `afterAll`.
 * @throws KOPS_SANDBOX_UNAVAILABLE with what this machine lacks.
 */
export async function startSandboxKafka(options: KafkaOptions = {}): Promise<KafkaCluster> {
  return await startKafka(options);
}

/** Starts a throwaway Kafka for the length of `work`. */
export async function withKafka<T>(
  options: KafkaOptions,
  work: (kafka: KafkaCluster) => Promise<T>,
): Promise<T> {
  await using kafka = await startKafka(options);
  return await work(kafka);
}

/** The hooks that {@link sandboxKafka} registers with: vitest's `beforeAll` and `afterAll`. */
export interface SuiteHooks {
  readonly beforeAll: (hook: () => Promise<void>) => void;
  readonly afterAll: (hook: () => Promise<void>) => void;
}

/**
 * One Kafka shared by a test file: registers start and end with vitest's hooks and returns how to get at it.
 * `const kafka = sandboxKafka({ beforeAll, afterAll });` … `kafka().bootstrapServers`
 */
export function sandboxKafka(hooks: SuiteHooks, options: KafkaOptions = {}): () => KafkaCluster {
  let cluster: KafkaCluster | undefined;
  hooks.beforeAll(async () => {
    cluster = await startKafka(options);
  });
  hooks.afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    cluster = undefined;
  });
  return () => {
    if (cluster === undefined)
      throw new Error('the sandbox Kafka runs only between beforeAll and afterAll');
    return cluster;
  };
}
