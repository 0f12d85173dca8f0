import { changeConfigs, type ChangeOptions } from './change-configs.ts';
import type { PlannedTopic } from './plan.ts';

const name = 'max.message.bytes';
const brokerDefault = 1_048_588;
const int32Max = 2 ** 31 - 1;

/** Keeps `max.message.bytes` of each topic above its largest batch: the source's may have been lowered after it was written. */
export class MessageLimits {
  readonly #options: ChangeOptions;
  readonly #limits = new Map<string, number>();
  /** One change at a time. */
  #last: Promise<void> = Promise.resolve();

  constructor(options: ChangeOptions) {
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
      await changeConfigs(topic.target, { [name]: String(limit) }, this.#options);
      this.#limits.set(topic.target, limit);
    });
    // The chain goes on after a failure; the failure itself is this caller's.
    this.#last = change.catch(() => undefined);
    await change;
  }

  #limitOf(topic: PlannedTopic): number {
    return this.#limits.get(topic.target) ?? Number(topic.fillConfigs[name] ?? brokerDefault);
  }
}
