import {
  type Coordinates,
  counted,
  formatTopicPartition,
  KopsError,
  type Offset,
  type TopicPartition,
} from '@kops/core';
import type { TopicMetadata } from '@kops/kafka';
import type { Ack, Duplex, Frame, NoticeKind, OpenFrame } from '@kops/transport';
import { chooseAgent, movesTo } from './agent-choice.ts';
import {
  keyOf,
  newPartition,
  toAssignment,
  tp,
  type AssignedPartition,
} from './assigned-partition.ts';
import type { AgentRegistry, JoinedAgent } from './agent-registry.ts';
import type { PartitionSink } from './partition-sink.ts';

/** A partition is given up after so many failures without progress in between, on whatever agents. */
const maxFailures = 3;

/** An agent that is to hand a partition over ends its stream itself, so that all of it is checked; after so long it is fenced. In ms. */
const handOverMs = 5_000;

/** What {@link Assignments} tells its backup. */
export interface AssignmentEvents {
  /** A partition failed too often, or for a reason that no other agent can mend. */
  readonly onGivenUp: (partition: AssignedPartition, error: KopsError) => void;
  readonly onNotice: (kind: NoticeKind, text: string) => void;
  /** An agent has joined and was given what nobody had; {@link Assignments.rebalance} gives it its share of the rest. */
  readonly onJoined: (agent: JoinedAgent) => void;
}

/** Decides which agent captures which partition, and moves partitions when agents come and go. */
export class Assignments {
  readonly #cluster: string;
  readonly #registry: AgentRegistry;
  readonly #events: AssignmentEvents;
  readonly #nextEpoch: () => bigint;
  readonly #partitions = new Map<string, AssignedPartition>();
  readonly #unlisten: () => void;
  readonly #handOvers = new Set<NodeJS.Timeout>();
  /** Nothing is handed out any more. */
  #ending = false;
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
      onJoined: (agent) => {
        this.distribute();
        this.#events.onJoined(agent);
      },
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
  add(sink: PartitionSink, endOffset: Offset): AssignedPartition {
    const partition = newPartition(sink, endOffset);
    this.#partitions.set(keyOf(sink), partition);
    return partition;
  }

  /** Nobody is to capture the partition any more: its stream is fenced, its agent told. */
  retire(partition: AssignedPartition): void {
    if (partition.done) return;
    partition.done = true;
    const { agent, epoch } = partition;
    this.#takeBack(partition, new KopsError('KOPS_FENCED', 'the partition is no longer captured'));
    agent?.tell({ type: 'revoke', partitions: [{ ...tp(partition), epoch }] });
  }

  /** Forgets a partition that {@link retire} has ended, so that another life of it can be added. */
  remove(partition: AssignedPartition): void {
    this.#partitions.delete(keyOf(partition.sink));
  }

  /** Takes note of who leads what. */
  noteLeaders(topics: readonly TopicMetadata[]): void {
    for (const { name, partitions } of topics) {
      for (const { partition, leader } of partitions) {
        const known = this.find({ topic: name, partition });
        if (known !== undefined && leader >= 0) known.leader = leader;
      }
    }
  }

  /** Hands partitions that nobody captures to agents: to the one beside the leader, else to the one with the fewest. */
  distribute(): void {
    const agents = this.#registry.agents;
    if (this.#ending || agents.length === 0) return;
    const load = new Map(agents.map((agent) => [agent, 0]));
    for (const { agent, movingTo = agent, done } of this.#partitions.values()) {
      if (movingTo !== undefined && !done) load.set(movingTo, (load.get(movingTo) ?? 0) + 1);
    }
    const given: AssignedPartition[] = [];
    for (const partition of this.#partitions.values()) {
      if (partition.done || partition.agent !== undefined) continue;
      const agent = chooseAgent(load, partition.leader, partition.failedOn);
      load.set(agent, (load.get(agent) ?? 0) + 1);
      partition.agent = agent;
      given.push(partition);
    }
    this.#assign(given);
  }

  /**
   * Moves to an agent that has joined what it is nearer to and its fair share of the rest. The agents that have it now are told to let go: each ends
   * its stream on a batch edge, or is fenced, and the other begins where it has ended.
   */
  rebalance(joined: JoinedAgent): void {
    if (this.#ending || !this.#registry.agents.includes(joined)) return;
    const held = this.partitions.flatMap((partition) => {
      const { agent, movingTo, leader, stream, done } = partition;
      return agent === undefined || movingTo !== undefined || done
        ? []
        : [{ partition, agent, leader, streaming: stream !== undefined }];
    });
    const moving = movesTo(joined, held);
    if (moving.length === 0) return;
    for (const { partition } of moving) partition.movingTo = joined;
    this.#tellRevoked(moving.map(({ partition }) => partition));
    const [waiting, idle] = [true, false].map((streaming) =>
      moving.filter((one) => one.streaming === streaming).map(({ partition }) => partition),
    );
    this.#handOver(idle ?? []);
    this.#fenceLater(waiting ?? []);
    this.#events.onNotice(
      'partitions-moved',
      `agent on ${joined.host} joined: moving ${counted(moving.length, 'partition')} to it`,
    );
  }

  /** A stream has ended; if its partition is to move, it moves now. */
  released(partition: AssignedPartition, stream: Duplex<Frame, Ack>): void {
    if (partition.stream !== stream) return;
    partition.stream = undefined;
    this.#handOver([partition]);
  }

  #handOver(partitions: readonly AssignedPartition[]): void {
    const moved: AssignedPartition[] = [];
    for (const partition of partitions) {
      const { movingTo, done } = partition;
      partition.movingTo = undefined;
      if (movingTo === undefined || done || this.#ending) continue;
      partition.agent = movingTo;
      moved.push(partition);
    }
    this.#assign(moved);
  }

  #fenceLater(partitions: readonly AssignedPartition[]): void {
    if (partitions.length === 0) return;
    const timer = setTimeout(() => {
      this.#handOvers.delete(timer);
      for (const partition of partitions.filter(({ movingTo }) => movingTo !== undefined)) {
        partition.stream?.abort(
          new KopsError('KOPS_FENCED', 'another agent captures the partition'),
        );
        partition.stream = undefined;
        this.#handOver([partition]);
      }
    }, handOverMs);
    this.#handOvers.add(timer);
  }

  /** Tells agents of partitions that are theirs now. */
  #assign(partitions: readonly AssignedPartition[]): void {
    for (const [agent, given] of Map.groupBy(partitions, ({ agent: one }) => one)) {
      for (const partition of given) partition.epoch = this.#nextEpoch();
      agent?.tell({ type: 'assign', cluster: this.#cluster, partitions: given.map(toAssignment) });
    }
  }

  #tellRevoked(partitions: readonly AssignedPartition[]): void {
    for (const [agent, given] of Map.groupBy(partitions, ({ agent: one }) => one)) {
      agent?.tell({
        type: 'revoke',
        partitions: given.map((partition) => ({ ...tp(partition), epoch: partition.epoch })),
      });
    }
  }

  /** The partition that a stream may carry. @throws KOPS_FENCED when the assignment is outdated */
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
    this.#ending = true;
    this.#tellRevoked(this.partitions.filter(({ agent, done }) => agent !== undefined && !done));
  }

  /** No agent is told anything any more; running streams are aborted. */
  close(error: KopsError): void {
    this.#closed = this.#ending = true;
    for (const timer of this.#handOvers) clearTimeout(timer);
    this.#unlisten();
    for (const { stream } of this.#partitions.values()) stream?.abort(error);
  }

  #onLeft(agent: JoinedAgent, reason: string): void {
    const orphans = [...this.#partitions.values()].filter(
      (partition) => (partition.agent === agent || partition.movingTo === agent) && !partition.done,
    );
    if (orphans.length === 0) return;
    for (const partition of orphans)
      this.#takeBack(partition, new KopsError('KOPS_FENCED', 'the agent is gone'));
    this.#events.onNotice(
      'agent-left',
      `agent on ${agent.host} is gone (${reason}): moving ${counted(orphans.length, 'partition')}`,
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
    partition.failedOn = agent;
    this.#takeBack(partition, new KopsError('KOPS_FENCED', 'the assignment was returned'));
    if (partition.failures >= maxFailures || !movable(failure.error)) {
      this.#events.onGivenUp(partition, failure.error);
      return;
    }
    this.#events.onNotice(
      'partition-failed',
      `${formatTopicPartition(failure)}: ${failure.error.message}; retrying`,
    );
    this.distribute();
  }

  #takeBack(partition: AssignedPartition, why: KopsError): void {
    partition.agent = partition.movingTo = undefined;
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

const coordinates = ({ topic, partition }: TopicPartition): Coordinates => ({ topic, partition });

function fenced(at: TopicPartition): KopsError {
  return new KopsError('KOPS_FENCED', 'the assignment is outdated', {
    at: coordinates(at),
    hint: 'Ignore this: another agent now captures the partition.',
  });
}
