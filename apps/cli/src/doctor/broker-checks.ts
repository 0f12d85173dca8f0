import { counted, type KopsError, mapLimit, toKopsError } from '@kops/core';
import { connectKafka, type KafkaClient, type KafkaOptions } from '@kops/kafka';
import { formatDuration } from '@kops/service';
import { check, fail, ok, warn, type CheckResult } from './check.ts';
import { unmetNeeds, unmetWishes } from './protocol-needs.ts';

/** A broker that does not answer at once is a finding: no long retries. */
export const patience = {
  connectTimeoutMs: 5_000,
  requestTimeoutMs: 8_000,
  retryDeadlineMs: 8_000,
} as const;

const parallelBrokers = 8;

interface Answer {
  readonly address: string;
  readonly ms: number;
  readonly error: KopsError | undefined;
}

/** Whether each address that was given, and each broker that the cluster names, answers to this machine. */
export async function brokerChecks(
  kafka: KafkaClient,
  options: KafkaOptions,
  signal: AbortSignal,
): Promise<CheckResult[]> {
  return [
    await check('brokers', signal, async () => {
      const { brokers, clusterId } = await kafka.describeCluster();
      const named = brokers.map(({ id, host, port }) => ({
        id,
        address: `${host.includes(':') ? `[${host}]` : host}:${String(port)}`,
      }));
      const answers = await mapLimit(named, parallelBrokers, async ({ id, address }) => ({
        id,
        ...(await ask(address, options)),
      }));
      const details = answers.map(
        ({ id, address, ms, error }) =>
          `broker ${String(id)} at ${address}: ${error === undefined ? `answers in ${formatDuration(ms)}` : error.message}`,
      );
      const silent = answers.filter(({ error }) => error !== undefined);
      if (silent[0]?.error === undefined)
        return ok(
          'brokers',
          `${counted(brokers.length, 'broker')} of cluster ${clusterId}, all answer`,
          details,
        );
      return fail(
        'brokers',
        silent[0].error.code,
        `${String(silent.length)} of ${String(brokers.length)} brokers do not respond to this machine`,
        {
          details,
          hint: 'Make every broker reachable at its advertised address (advertised.listeners), not only the given one.',
        },
      );
    }),
    await check('bootstrap', signal, async () => {
      const answers = await mapLimit(options.bootstrapServers, parallelBrokers, (address) =>
        ask(address, options),
      );
      const silent = answers.filter(({ error }) => error !== undefined);
      if (silent.length === 0) return ok('bootstrap', 'all given addresses respond');
      return warn(
        'bootstrap',
        `${String(silent.length)} of ${String(answers.length)} given addresses do not respond`,
        {
          details: silent.map(({ address, error }) => `${address}: ${error?.message ?? ''}`),
          hint: 'Start the broker, or remove addresses that are no longer in use.',
        },
      );
    }),
  ];
}

async function ask(address: string, options: KafkaOptions): Promise<Answer> {
  const started = performance.now();
  try {
    await using kafka = await connectKafka({
      ...options,
      ...patience,
      bootstrapServers: [address],
    });
    await kafka.apiVersions();
    return { address, ms: performance.now() - started, error: undefined };
  } catch (thrown) {
    return { address, ms: performance.now() - started, error: toKopsError(thrown) };
  }
}

/** Whether the requests that kops makes are offered. */
export function protocolCheck(kafka: KafkaClient, signal: AbortSignal): Promise<CheckResult> {
  return check('protocol', signal, async () => {
    const ranges = await kafka.apiVersions();
    const unmet = unmetNeeds(ranges);
    if (unmet.length > 0) {
      return fail(
        'protocol',
        'KOPS_KAFKA_PROTOCOL',
        'the broker does not support requests that kops needs',
        {
          details: unmet,
          hint: 'Use Kafka 2.4 or later.',
        },
      );
    }
    const wishes = unmetWishes(ranges);
    const fetch = ranges.get(1);
    const said = `Fetch up to version ${String(fetch?.max ?? 0)}: the broker supports all requests of kops`;
    return wishes.length === 0
      ? ok('protocol', said)
      : warn('protocol', 'an older Kafka that kops supports', { details: wishes });
  });
}
