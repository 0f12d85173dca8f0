import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { KopsError } from '@kops/core';
import type { Bench } from './bench.ts';

const pollMs = 100;

/**
 * Creates a topic and waits until the broker has made a log for each partition. It says that a topic stands before that, turns away
 * the first batches of those that have none yet, and may then take a producer's second batch before its first: that producer
 * never gets on.
 * @throws KOPS_SANDBOX_UNAVAILABLE when that takes too long
 */
export async function createTopic(
  bench: Bench,
  name: string,
  partitions: number,
  configs: Readonly<Record<string, string>> = {},
): Promise<void> {
  await bench.client.createTopics([{ name, partitions, replicationFactor: 1, configs }]);
  const logDir = bench.kafka.brokers[0]?.logDir ?? '';
  const deadline = performance.now() + bench.timeoutMs;
  for (;;) {
    const there = new Set(await readdir(logDir));
    const missing = Array.from({ length: partitions }, (_, partition) => partition).filter(
      (partition) => !there.has(`${name}-${String(partition)}`),
    );
    if (missing.length === 0) return;
    if (performance.now() > deadline) {
      throw new KopsError(
        'KOPS_SANDBOX_UNAVAILABLE',
        `the broker has made no log for ${String(missing.length)} of ${String(partitions)} partitions of ${name}`,
        { hint: 'Try again when the machine is less busy.' },
      );
    }
    await sleep(pollMs, undefined, { signal: bench.signal });
  }
}
