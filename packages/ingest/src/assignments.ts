import {
  formatTopicPartition,
  KopsError,
  type Coordinates,
  type Offset,
  type TopicPartition,
} from '@kops/core';
import type { Ack, Duplex, Frame, OpenFrame, PartitionAssignment } from '@kops/transport';
import type { AgentRegistry, JoinedAgent } from './agent-registry.ts';
import type { PartitionSink } from './partition-sink.ts';

/** One partition of a backup and who captures it. */
export interface AssignedPartition {
  readonly sink: PartitionSink;
  /** Where capture stops; -1n follows. */
  endOffset: Offset;
  epoch: bigint;
  agent: JoinedAgent | undefined;
  /** Streams of it that run now; older epochs' ones are being fenced. */
  stream: Duplex<Frame, Ack> | undefined;
  done: boolean;
  /** Failures in a row without progress. */
  failures: number;
  /** The sink's position at the last failure. */
  failedAt: Offset;
}

/** A partition is given up after so many failures without progress in between, on whatever agents. */
const maxFailures = 3;

/** What {@link Assignments} tells its backup. */
export interface AssignmentEvents {
  /** A partition failed too often, or for a reason that no other agent can mend. */
  readonly onGivenUp: (partition: AssignedPartition, error: KopsError) => void;
  readonly onNotice: (text: string) => void;
}

/** Decides which agent captures which partition, and moves partitions when agents come and go. */
export class Assignments {
  readonly #cluster: string;
  readonly #registry: AgentRegistry;
  readonly #events: AssignmentEvents;
  readonly #nextEpoch: () => bigint;
  readonly #partitions = new Map<string, AssignedPartition>();
  readonly #unlisten: () => void;
  #closed = false;

  /** @param nextEpoch gives epochs that no other backup of the archiver has: two may capture the same partition into different repositories */
  constructor(
    cluster: string,
    registry: AgentRegistry,
    events: AssignmentEvents,
    nextEpoch: () => bigint,
  ) {
    this.#cluster = cluster;
    this.#registry = registry;
    this.#events = events;
    this.#nextEpoch = nextEpoch;
    this.#unlisten = registry.listen({
      onJoined: () => this.distribute(),
      onLeft: (agent, reason) => this.#onLeft(agent, reason),
      onPartitionFailed: (agent, failure) => this.#onFailed(agent, failure),
    });
  }

  get partitions(): readonly AssignedPartition[] {
    return [...this.#partitions.values()];
  }

  find(at: TopicPartition): AssignedPartition | undefined {
    return this.#partitions.get(formatTopicPartition(at));
  }

  /** Adds a partition; {@link distribute} hands it out. */
  add(sink: PartitionSink, endOffset: Offset): void {
    const key = keyOf(sink);
    const done = endOffset >= 0n && sink.position >= endOffset;
    this.#partitions.set(key, {
      sink,
      endOffset,
      epoch: 0n,
      agent: undefined,
      stream: undefined,
      done,
      failures: 0,
      failedAt: -1n,
    });
  }

  /** Hands partitions that nobody captures to agents: to the one beside the leader, else to the one with the fewest. */
  distribute(): void {
    const agents = this.#registry.agents;
    if (this.#closed || agents.length === 0) return;
    const load = new Map(agents.map((agent) => [agent, 0]));
    for (const { agent, done } of this.#partitions.values()) {
      if (agent !== undefined && !done) load.set(agent, (load.get(agent) ?? 0) + 1);
    }
    const given = new Map<JoinedAgent, PartitionAssignment[]>();
    for (const partition of this.#partitions.values()) {
      if (partition.done || partition.agent !== undefined) continue;
      const agent = chooseAgent(load, partition.sink.plan.snapshot.leader);
      load.set(agent, (load.get(agent) ?? 0) + 1);
      partition.agent = agent;
      partition.epoch = this.#nextEpoch();
      given.set(agent, [...(given.get(agent) ?? []), toAssignment(partition)]);
    }
    for (const [agent, partitions] of given)
      agent.tell({ type: 'assign', cluster: this.#cluster, partitions });
  }

  /** The partition that a stream may carry. @throws KOPS_FENCED when the assignment is not current */
  open(frame: OpenFrame, stream: Duplex<Frame, Ack>): AssignedPartition {
    const partition = this.#partitions.get(formatTopicPartition(frame));
    const current =
      partition !== undefined &&
      !this.#closed &&
      !partition.done &&
      partition.epoch === frame.epoch &&
      partition.agent?.agentId === frame.agentId &&
      partition.sink.plan.topic.topicId === frame.topicId;
    if (!current) throw fenced(frame);
    if (partition.stream !== undefined)
      throw new KopsError('KOPS_HELD', 'another stream carries the partition', {
        at: coordinates(frame),
      });
    partition.stream = stream;
    return partition;
  }

  /** Throws unless the epoch is still the partition's. @throws KOPS_FENCED */
  check(partition: AssignedPartition, epoch: bigint): void {
    if (this.#closed || partition.epoch !== epoch) throw fenced(tp(partition));
  }

  /** Takes all partitions back, so that agents end their streams. */
  revokeAll(): void {
    const byAgent = Map.groupBy(
      [...this.#partitions.values()].filter(({ agent, done }) => agent !== undefined && !done),
      ({ agent }) => agent,
    );
    for (const [agent, partitions] of byAgent) {
      agent?.tell({
        type: 'revoke',
        partitions: partitions.map((partition) => ({ ...tp(partition), epoch: partition.epoch })),
      });
    }
  }

  /** No agent is told anything any more; running streams are aborted. */
  close(error: KopsError): void {
    this.#closed = true;
    this.#unlisten();
    for (const { stream } of this.#partitions.values()) stream?.abort(error);
  }

  #onLeft(agent: JoinedAgent, reason: string): void {
    const orphans = [...this.#partitions.values()].filter(
      (partition) => partition.agent === agent && !partition.done,
    );
    if (orphans.length === 0) return;
    for (const partition of orphans)
      this.#takeBack(partition, new KopsError('KOPS_FENCED', 'the agent is gone'));
    this.#events.onNotice(
      `agent on ${agent.host} is gone (${reason}): moving ${String(orphans.length)} partitions`,
    );
    this.distribute();
  }

  #onFailed(
    agent: JoinedAgent,
    failure: TopicPartition & { epoch: bigint; error: KopsError },
  ): void {
    const partition = this.#partitions.get(formatTopicPartition(failure));
    if (partition?.agent !== agent || partition.epoch !== failure.epoch || partition.done) return;
    const { position } = partition.sink;
    partition.failures = position > partition.failedAt ? 1 : partition.failures + 1;
    partition.failedAt = position;
    this.#takeBack(partition, new KopsError('KOPS_FENCED', 'the assignment was given back'));
    if (partition.failures >= maxFailures || !movable(failure.error)) {
      this.#events.onGivenUp(partition, failure.error);
      return;
    }
    this.#events.onNotice(
      `${formatTopicPartition(failure)}: ${failure.error.message}; trying again`,
    );
    this.distribute();
  }

  #takeBack(partition: AssignedPartition, why: KopsError): void {
    partition.agent = undefined;
    partition.epoch = this.#nextEpoch();
    partition.stream?.abort(why);
    partition.stream = undefined;
  }
}

/** Whether another attempt may help: not for what the data or the topic itself is the cause of. */
function movable(error: KopsError): boolean {
  return ![
    'KOPS_TOPIC_NOT_FOUND',
    'KOPS_MAGIC_UNSUPPORTED',
    'KOPS_NO_SPACE',
    'KOPS_ACCESS_DENIED',
  ].includes(error.code);
}

function chooseAgent(load: ReadonlyMap<JoinedAgent, number>, leader: number): JoinedAgent {
  const all = [...load];
  const beside = all.filter(([agent]) => agent.brokerIds.has(leader));
  const candidates = beside.length > 0 ? beside : all;
  return candidates.reduce((least, next) => (next[1] < least[1] ? next : least))[0];
}

function toAssignment(partition: AssignedPartition): PartitionAssignment {
  const { topic } = partition.sink.plan;
  return {
    ...tp(partition),
    topicId: topic.topicId,
    derivedTopicId: topic.derivedTopicId,
    epoch: partition.epoch,
    endOffset: partition.endOffset,
  };
}

const tp = ({ sink }: AssignedPartition): TopicPartition => ({
  topic: sink.plan.topic.name,
  partition: sink.plan.snapshot.partition,
});
const keyOf = (sink: PartitionSink): string =>
  formatTopicPartition({ topic: sink.plan.topic.name, partition: sink.plan.snapshot.partition });
const coordinates = ({ topic, partition }: TopicPartition): Coordinates => ({ topic, partition });

function fenced(at: TopicPartition): KopsError {
  return new KopsError('KOPS_FENCED', 'the assignment is not current', {
    at: coordinates(at),
    hint: 'Another agent captures the partition now; nothing is to be done.',
  });
}
