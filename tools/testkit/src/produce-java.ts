import type { TopicPartition } from '@kops/core';
import { askJava, sessionName, type OracleTarget } from './java-oracle.ts';
import { toBase64, type PartitionOffset } from './oracle-record.ts';

/** Bytes of a key or value: a string stands for its UTF-8, null for null. */
export type Content = string | Uint8Array | null;

/** A record to send. */
export interface SendStep {
  readonly do: 'send';
  readonly topic: string;
  /** By the client's partitioner unless given. */
  readonly partition?: number;
  readonly key?: Content;
  readonly value?: Content;
  readonly headers?: readonly (readonly [key: string, value: Content])[];
  /** Milliseconds; now unless given. */
  readonly timestamp?: bigint;
}

/** Many records made from a seed. The same step makes the same records. */
export interface GenerateStep {
  readonly do: 'generate';
  readonly topic: string;
  readonly count: number;
  /** Round robin over this many partitions; by key unless given. */
  readonly partitions?: number;
  readonly valueBytes?: number;
  /** `json` compresses about as events do, `random` not at all. */
  readonly content?: 'json' | 'random';
  /** Number of distinct keys. */
  readonly keys?: number;
  readonly seed?: number;
  /** Timestamp of the first record, each further one a millisecond later; now unless given. */
  readonly firstTimestamp?: bigint;
}

/** Commits offsets of a group as part of the open transaction. */
export interface SendOffsetsStep {
  readonly do: 'sendOffsets';
  readonly group: string;
  readonly offsets: readonly PartitionOffset[];
}

/** What a producer does. `begin`, `commit` and `abort` need a `transactional.id`. */
export type ProduceStep =
  | SendStep
  | GenerateStep
  | SendOffsetsStep
  | { readonly do: 'flush' | 'begin' | 'commit' | 'abort' };

/** Options of a producer. */
export interface ProducerOptions {
  /** Properties of Kafka's producer: `compression.type`, `transactional.id`, `batch.size`, `linger.ms` … */
  readonly config?: Readonly<Record<string, string>>;
}

/** Steps per request: bounds what the Java process holds at once. */
const stepsPerRequest = 1000;

function stepJson(step: ProduceStep): unknown {
  if (step.do !== 'send') return step;
  const { key, value, headers = [] } = step;
  return {
    ...step,
    key: toBase64(key),
    value: toBase64(value),
    headers: headers.map(([name, content]) => [name, toBase64(content)]),
  };
}

/** A producer of Kafka's Java client that stays open, and with it its transaction. */
export interface JavaProducer extends AsyncDisposable {
  /**
   * Runs steps in order and waits until all that was sent is acknowledged.
   * Returns where the records of `send` steps went, in their order.
   * @throws KOPS_KAFKA_PROTOCOL with what the client says.
   */
  run(steps: Iterable<ProduceStep>): Promise<PartitionOffset[]>;
  /** Goes away without ending the open transaction, as a crash would. */
  abandon(): Promise<void>;
}

/** Opens a producer. @throws KOPS_KAFKA_PROTOCOL with what the client says. */
export async function openJavaProducer(
  target: OracleTarget,
  options: ProducerOptions = {},
): Promise<JavaProducer> {
  const session = sessionName();
  const { bootstrapServers, jars } = target;
  const clientConfig = { ...target.clientConfig, ...options.config };
  await askJava('producer.open', { bootstrapServers, jars, clientConfig }, { session });
  let isOpen = true;
  const close = async (abandon: boolean): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await askJava('producer.close', target, { session, abandon });
  };
  return {
    run: async (steps) => await runSteps(target, session, steps),
    abandon: async () => {
      await close(true);
    },
    [Symbol.asyncDispose]: async () => {
      await close(false);
    },
  };
}

async function runSteps(
  target: OracleTarget,
  session: string,
  steps: Iterable<ProduceStep>,
): Promise<PartitionOffset[]> {
  const placed: PartitionOffset[] = [];
  const send = async (part: readonly unknown[]): Promise<void> => {
    const rows = (await askJava('producer.run', target, { session, steps: part }, 300_000)) as [
      string,
      number,
      string,
    ][];
    for (const [topic, partition, offset] of rows)
      placed.push({ topic, partition, offset: BigInt(offset) });
  };
  let part: unknown[] = [];
  for (const step of steps) {
    part.push(stepJson(step));
    if (part.length < stepsPerRequest) continue;
    await send(part);
    part = [];
  }
  if (part.length > 0) await send(part);
  return placed;
}

/**
 * Produces with Kafka's Java client and closes the producer.
 * Returns where the records of `send` steps went, in their order.
 * @throws KOPS_KAFKA_PROTOCOL with what the client says.
 */
export async function produceWithJava(
  target: OracleTarget,
  steps: Iterable<ProduceStep>,
  options: ProducerOptions = {},
): Promise<PartitionOffset[]> {
  await using producer = await openJavaProducer(target, options);
  return await producer.run(steps);
}

/** A `send` step for each value, in one partition. */
export function sendAll(to: TopicPartition, values: Iterable<Content>): SendStep[] {
  return [...values].map((value) => ({ do: 'send', ...to, value }));
}
