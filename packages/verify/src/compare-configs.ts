import { systemClock, throwIfAborted } from '@kops/core';
import type { TopicConfigEntry } from '@kops/kafka';
import type {
  CompareConfigsOptions,
  ConfigsComparison,
  Difference,
  DifferenceKind,
} from './compare-port.ts';

const dynamic = 'DYNAMIC_TOPIC_CONFIG';
const pollMs = 200;
const defaultSettleMs = 10_000;

/**
 * Compares what was set on a topic, one by one, and its number of partitions. Configs that were never set follow the brokers' defaults
 * and are not compared. What is known not to be restorable is told as `info`. Brokers show new values a moment later: an error counts
 * only once it stands for `settleMs`.
 *
 * @throws KOPS_TOPIC_NOT_FOUND and the other errors of KafkaClient; KOPS_INTERRUPTED
 */
export async function compareConfigs(options: CompareConfigsOptions): Promise<ConfigsComparison> {
  const { clock = systemClock, settleMs = defaultSettleMs, signal } = options;
  const until = clock.monotonic() + settleMs;
  for (;;) {
    throwIfAborted(signal);
    const comparison = await compareOnce(options);
    const isSettled = comparison.differences.every(({ severity }) => severity === 'info');
    if (isSettled || clock.monotonic() >= until) return comparison;
    await clock.sleep(pollMs, signal);
  }
}

async function compareOnce({
  topic,
  target,
  kafka,
  unrestorable,
  adapted = [],
}: CompareConfigsOptions): Promise<ConfigsComparison> {
  const entries = (await kafka.topicConfigs([target])).get(target) ?? [];
  const live = new Map(entries.map((entry) => [entry.name, entry]));
  const reasons = new Map(unrestorable.map(({ name, reason }) => [name, reason]));
  const differences: Difference[] = [];
  const add = (
    severity: 'error' | 'info',
    kind: DifferenceKind,
    name: string,
    text: string,
  ): void =>
    void differences.push({
      severity,
      kind,
      source: { topic: topic.name, partition: -1, offset: null },
      target: { topic: target, partition: -1, offset: null },
      group: null,
      fields: [name],
      count: 1,
      message: text,
    });
  const adaptedNames = new Set(adapted.map(({ name }) => name));
  for (const { name, value, reason } of adapted) {
    const actual = live.get(name);
    if (actual?.value === value) add('info', 'config', name, `config ${name}=${value}: ${reason}`);
    else add('error', 'config', name, `config ${name} is ${told(actual)}, it should be ${value}`);
  }
  const wanted = topic.configs.filter(
    ({ name, source }) => source === dynamic && !adaptedNames.has(name),
  );
  for (const { name, value } of wanted) {
    const reason = reasons.get(name);
    const actual = live.get(name);
    if (reason !== undefined)
      add('info', 'config', name, `config ${name}=${String(value)} cannot be restored: ${reason}`);
    else if (actual?.value !== value)
      add('error', 'config', name, `config ${name} is ${told(actual)}, it was ${String(value)}`);
  }
  for (const entry of leftOver(entries, [...wanted, ...adapted]))
    add('error', 'config', entry.name, `config ${entry.name} is ${told(entry)}, it was not set`);
  const [metadata] = await kafka.topics([target]);
  const partitions = metadata?.partitions.length ?? 0;
  if (partitions !== topic.partitionCount)
    add(
      'error',
      'partitions',
      'partitions',
      `topic has ${partitions} partitions, it had ${topic.partitionCount}`,
    );
  const configs = wanted.length + adapted.length;
  return { topic: topic.name, target, configs, differences };
}

/** Set on the target, though never on the source. */
function leftOver(
  entries: readonly TopicConfigEntry[],
  wanted: readonly { readonly name: string }[],
): TopicConfigEntry[] {
  const names = new Set(wanted.map(({ name }) => name));
  return entries.filter(({ name, source }) => source === dynamic && !names.has(name));
}

function told(entry: TopicConfigEntry | undefined): string {
  return entry === undefined ? 'unknown to the target' : String(entry.value);
}
