import { KopsError } from '@kops/core';
import { connectKafka, type KafkaOptions } from '@kops/kafka';

/** Removes what a drill made on a cluster that stays; on one that goes away with its sandbox there is nothing to do. */
export class Cleanup implements AsyncDisposable {
  readonly #kafka: KafkaOptions;
  readonly #isNeeded: boolean;
  readonly #topics = new Set<string>();
  readonly #groups = new Set<string>();

  constructor(kafka: KafkaOptions, isNeeded: boolean) {
    this.#kafka = kafka;
    this.#isNeeded = isNeeded;
  }

  addTopics(names: readonly string[]): void {
    for (const name of names) this.#topics.add(name);
  }

  addGroups(names: readonly string[]): void {
    for (const name of names) this.#groups.add(name);
  }

  /** Over a connection of its own: the drill's may be what failed. @throws what the cluster says, with what is left there */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isNeeded || this.#topics.size + this.#groups.size === 0) return;
    try {
      await this.#remove();
    } catch (thrown) {
      throw new KopsError(
        'KOPS_INCOMPLETE',
        'cannot delete the topics or groups of the drill on the cluster',
        {
          hint: `Delete the topics and groups with the prefix of the drill: ${[...this.#topics, ...this.#groups].slice(0, 5).join(', ')} …`,
          cause: thrown,
        },
      );
    }
  }

  async #remove(): Promise<void> {
    await using kafka = await connectKafka(this.#kafka);
    const existing = new Set((await kafka.topics()).map(({ name }) => name));
    const topics = [...this.#topics].filter((name) => existing.has(name));
    const known = new Set((await kafka.listGroups()).map(({ group }) => group));
    const groups = [...this.#groups].filter((name) => known.has(name));
    if (groups.length > 0) await kafka.deleteGroups(groups);
    if (topics.length > 0) await kafka.deleteTopics(topics);
  }
}
