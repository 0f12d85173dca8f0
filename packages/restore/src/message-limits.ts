import { KopsError, type Clock } from '@kops/core';
import type { RestoreTarget } from './execute-options.ts';
import type { PlannedTopic } from './plan.ts';

const name = 'max.message.bytes';
const brokerDefault = 1_048_588;
const int32Max = 2 ** 31 - 1;

/** What {@link MessageLimits} works with. */
export interface MessageLimitsOptions {
  readonly kafka: RestoreTarget;
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** Keeps `max.message.bytes` of each topic above its largest batch: the source's may have been lowered after it was written. */
export class MessageLimits {
  readonly #options: MessageLimitsOptions;
  readonly #limits = new Map<string, number>();
  /** One change at a time. */
  #last: Promise<void> = Promise.resolve();

  constructor(options: MessageLimitsOptions) {
    this.#options = options;
  }

  /** Whether the topic takes a batch of so many bytes. */
  allows(topic: PlannedTopic, bytes: number): boolean {
    return bytes <= this.#limitOf(topic);
  }

  /** Raises the topic's limit so that it takes such a batch. The plan's final configs undo it. */
  async raise(topic: PlannedTopic, bytes: number): Promise<void> {
    const change = this.#last.then(async () => {
      if (this.allows(topic, bytes)) return;
      const limit = Math.min(int32Max, Math.max(bytes, 2 * this.#limitOf(topic)));
      await this.#options.kafka.alterTopicConfigs(topic.target, { [name]: String(limit) });
      await this.#shown(topic.target, limit);
      this.#limits.set(topic.target, limit);
    });
    // The chain goes on after a failure; the failure itself is this caller's.
    this.#last = change.catch(() => undefined);
    await change;
  }

  #limitOf(topic: PlannedTopic): number {
    return this.#limits.get(topic.target) ?? Number(topic.fillConfigs[name] ?? brokerDefault);
  }

  async #shown(topic: string, limit: number): Promise<void> {
    const { kafka, clock, deadlineMs, signal } = this.#options;
    const started = clock.monotonic();
    while (clock.monotonic() - started < deadlineMs) {
      const entries = (await kafka.topicConfigs([topic])).get(topic) ?? [];
      if (entries.find((entry) => entry.name === name)?.value === String(limit)) return;
      await clock.sleep(50, signal);
    }
    throw new KopsError(
      'KOPS_KAFKA_PROTOCOL',
      `${name}=${String(limit)} did not take effect within ${String(deadlineMs)} ms`,
      {
        at: { topic },
        hint: 'Look whether the controller of the target is well, then resume.',
      },
    );
  }
}
