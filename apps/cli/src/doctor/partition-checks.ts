import { counted, internalTopics } from '@kops/core';
import type { TopicMetadata } from '@kops/kafka';
import { fail, ok, warn, type CheckResult } from './check.ts';

const shown = 10;

/** The first of a list, and how many more there are. */
export function firstOf(items: readonly string[]): string[] {
  const rest = items.length - shown;
  return [...items.slice(0, shown), ...(rest > 0 ? [`… and ${String(rest)} more`] : [])];
}

/** Whether all partitions can be read, and are held by all their replicas. */
export function partitionChecks(topics: readonly TopicMetadata[]): CheckResult[] {
  const all = topics.flatMap(({ name, partitions }) =>
    partitions.map((partition) => ({
      ...partition,
      name: `${name}-${String(partition.partition)}`,
    })),
  );
  const offline = all.filter(({ leader }) => leader < 0);
  const lagging = all.filter(
    ({ leader, isr, replicas }) => leader >= 0 && isr.length < replicas.length,
  );
  const internal = topics.filter(({ name }) => internalTopics.has(name)).map(({ name }) => name);
  return [
    offline.length === 0
      ? ok(
          'leaders',
          `${counted(all.length, 'partition')} of ${counted(topics.length, 'topic')}, all with a leader`,
        )
      : fail(
          'leaders',
          'KOPS_KAFKA_UNREACHABLE',
          `${String(offline.length)} of ${String(all.length)} partitions have no leader and cannot be read`,
          {
            details: firstOf(
              offline.map(
                ({ name, replicas }) => `${name}: replicas on brokers ${replicas.join(', ')}`,
              ),
            ),
            hint: 'Start the brokers that hold their replicas.',
          },
        ),
    lagging.length === 0
      ? ok('replicas', 'all replicas are in sync')
      : warn(
          'replicas',
          `${String(lagging.length)} of ${String(all.length)} partitions have replicas that are not in sync`,
          {
            details: firstOf(
              lagging.map(
                ({ name, replicas, isr }) =>
                  `${name}: in sync ${isr.join(', ')} of ${replicas.join(', ')}`,
              ),
            ),
            hint: 'Check why the brokers lag. Backups work, but data that is not in sync can be lost with its leader.',
          },
        ),
    ...(internal.length === 0
      ? []
      : [
          ok(
            'internal topics',
            `${internal.join(', ')}: not backed up unless named in --topics; group offsets are always archived`,
          ),
        ]),
  ];
}
