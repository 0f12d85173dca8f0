import { KopsError, formatTopicPartition, type Offset, type TopicPartition } from '@kops/core';
import type { Cluster } from '../cluster/cluster.ts';
import type { BrokerLink } from '../network/broker-link.ts';
import type { ListOffsetsOptions, OffsetSpec } from '../port.ts';
import { askLeader, leftOut } from './list-offsets.ts';

/** When so many have failed and none has a leader that can be found, it is the cluster and not the partitions. */
const enoughFaults = 16;

/** See {@link import('../port.ts').ListOffsetsOptions}. */
export async function listOffsetsOfEach(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  spec: OffsetSpec,
  { onFault, deadlineMs }: ListOffsetsOptions,
): Promise<Offset[]> {
  const answers = new Answers();
  try {
    await cluster.attempt(() => answers.ask(cluster, partitions, spec), undefined, deadlineMs);
  } catch (error) {
    // Faults of single partitions are told below.
    if (!KopsError.is(error) || answers.found.size === 0) throw error;
  }
  const [first] = answers.faults.values();
  if (first !== undefined && answers.found.size === 0) throw first;
  return partitions.map((at) => {
    const key = formatTopicPartition(at);
    const offset = answers.found.get(key);
    if (offset === undefined) onFault(at, answers.faults.get(key) ?? leftOut(at));
    return offset ?? -1n;
  });
}

/** What is known of each partition so far. */
class Answers {
  readonly found = new Map<string, Offset>();
  readonly faults = new Map<string, KopsError>();

  /** Asks for what is still open. @throws a failure that may pass */
  async ask(
    cluster: Cluster,
    partitions: readonly TopicPartition[],
    spec: OffsetSpec,
  ): Promise<void> {
    const open = partitions.filter((at) => this.#isOpen(at));
    for (const at of open) this.faults.delete(formatTopicPartition(at));
    for (const [link, members] of await this.#byLeader(cluster, open)) {
      try {
        const fail = (at: TopicPartition, error: KopsError): void => this.#fail(at, error);
        await askLeader(cluster, link, { members, spec, signal: undefined }, this.found, fail);
      } catch (error) {
        for (const at of members) {
          cluster.forget(at.topic);
          this.#fail(at, error);
        }
      }
    }
    const mayPass = [...this.faults.values()].find(({ retryable }) => retryable);
    if (mayPass !== undefined) throw mayPass;
  }

  #isOpen(at: TopicPartition): boolean {
    const key = formatTopicPartition(at);
    return !this.found.has(key) && (this.faults.get(key)?.retryable ?? true);
  }

  async #byLeader(
    cluster: Cluster,
    open: readonly TopicPartition[],
  ): Promise<Map<BrokerLink, TopicPartition[]>> {
    const byLeader = new Map<BrokerLink, TopicPartition[]>();
    for (const at of open) {
      try {
        const { link } = await cluster.leader(at.topic, at.partition);
        const members = byLeader.get(link) ?? [];
        members.push(at);
        byLeader.set(link, members);
      } catch (error) {
        this.#fail(at, error);
        if (byLeader.size === 0 && this.faults.size >= enoughFaults) throw error;
      }
    }
    return byLeader;
  }

  #fail(at: TopicPartition, error: unknown): void {
    this.faults.set(formatTopicPartition(at), KopsError.locate(error, at));
  }
}
