import { tmpdir } from 'node:os';
import { KopsError, systemClock } from '@kops/core';
import type { KafkaOptions } from '@kops/kafka';
import { findDocker, startKafka } from '@kops/kafka-dist';
import type { DrillOptions, SandboxKind } from './drill-options.ts';
import { requireBrokerSpace } from './drill-space.ts';
import { startContainer } from './container-sandbox.ts';

/** A Kafka to restore into, until it is disposed of. */
export interface Sandbox extends AsyncDisposable {
  readonly kind: SandboxKind;
  readonly description: string;
  readonly kafka: KafkaOptions;
}

/**
 * Gives the Kafka that was asked for; by default a container where a Docker engine answers, else a JVM of this machine.
 * @throws KOPS_SANDBOX_UNAVAILABLE with what is missing; KOPS_INTERRUPTED
 */
export async function openSandbox(options: DrillOptions): Promise<Sandbox> {
  const { sandbox, kafka, signal } = options;
  if (sandbox === 'external' && kafka !== undefined) return external(kafka);
  if (sandbox === 'jvm') return startJvm('requested with --sandbox', options);
  const engine = await findDocker(signal === undefined ? {} : { signal });
  if (engine !== undefined) {
    const why = sandbox === undefined ? 'a Docker engine is running' : 'requested with --sandbox';
    return startContainer(engine, why, { ...options, clock: options.clock ?? systemClock });
  }
  if (sandbox === undefined) return startJvm('no Docker engine is running', options);
  throw noEngine();
}

/** @throws KOPS_USAGE when `kafka` does not fit the kind */
export function requireFitting({ sandbox, kafka }: Pick<DrillOptions, 'sandbox' | 'kafka'>): void {
  if ((sandbox === 'external') === (kafka !== undefined)) return;
  throw new KopsError(
    'KOPS_USAGE',
    kafka === undefined
      ? '--sandbox external needs the address of a Kafka'
      : '--bootstrap-server needs --sandbox external',
    { hint: 'Use --sandbox external with --bootstrap-server HOST:PORT, or remove both.' },
  );
}

function noEngine(): KopsError {
  return new KopsError('KOPS_SANDBOX_UNAVAILABLE', 'no Docker engine is running', {
    hint: 'Start or install a Docker engine, or use --sandbox jvm (Java 17 or later), or --sandbox external --bootstrap-server HOST:PORT.',
  });
}

/** Nothing is started or stopped: only what the drill makes there is removed, by the drill. */
function external(kafka: KafkaOptions): Sandbox {
  return {
    kind: 'external',
    description: `external Kafka at ${kafka.bootstrapServers.join(',')}`,
    kafka,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function startJvm(why: string, options: DrillOptions): Promise<Sandbox> {
  const { signal } = options;
  await requireBrokerSpace(options);
  const cluster = await startKafka({ heapMiB: 512, ...(signal === undefined ? {} : { signal }) });
  return {
    kind: 'jvm',
    description: `Kafka ${cluster.jars.version} in a JVM on this machine (${why}), data in ${tmpdir()}`,
    kafka: { bootstrapServers: cluster.bootstrapServers.split(',') },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}
