import { KopsError, type Clock } from '@kops/core';
import type { RestoreTarget } from './execute-options.ts';

/** How to wait for a change. */
export interface ChangeOptions {
  readonly kafka: RestoreTarget;
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** What is set on the topic itself. */
export async function dynamicConfigs(
  kafka: RestoreTarget,
  topic: string,
): Promise<ReadonlyMap<string, string | null>> {
  const entries = (await kafka.topicConfigs([topic])).get(topic) ?? [];
  const set = entries.filter(({ source }) => source === 'DYNAMIC_TOPIC_CONFIG');
  return new Map(set.map(({ name, value }) => [name, value]));
}

/** Sets (or, by null, removes) configs of a topic and waits until brokers show them: the controller answers before they take effect. */
export async function changeConfigs(
  topic: string,
  configs: Readonly<Record<string, string | null>>,
  { kafka, clock, deadlineMs, signal }: ChangeOptions,
): Promise<void> {
  await kafka.alterTopicConfigs(topic, configs);
  const started = clock.monotonic();
  while (clock.monotonic() - started < deadlineMs) {
    const set = await dynamicConfigs(kafka, topic);
    if (Object.entries(configs).every(([name, value]) => (set.get(name) ?? null) === value)) return;
    await clock.sleep(50, signal);
  }
  throw new KopsError(
    'KOPS_KAFKA_PROTOCOL',
    `configs of topic '${topic}' did not take effect within ${String(deadlineMs)} ms`,
    {
      at: { topic },
      hint: 'Check the controller of the target, then run the restore with --resume.',
    },
  );
}
