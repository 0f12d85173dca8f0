import { formatTopicPartition, type Offset, type TopicPartition } from '@kops/core';
import type { Ack, Duplex, Frame, PartitionAssignment } from '@kops/transport';
import type { JoinedAgent } from './agent-registry.ts';
import type { PartitionSink } from './partition-sink.ts';

/** One partition of a backup and who captures it. */
export interface AssignedPartition {
  readonly sink: PartitionSink;
  /** Where capture stops; -1n follows. */
  endOffset: Offset;
  epoch: bigint;
  /** Broker that leads it, as far as is known. */
  leader: number;
  agent: JoinedAgent | undefined;
  /** The agent that gets it as soon as the present one has let go of it. */
  movingTo: JoinedAgent | undefined;
  /** Streams of it that run now; older epochs' ones are being fenced. */
  stream: Duplex<Frame, Ack> | undefined;
  done: boolean;
  /** Failures in a row without progress. */
  failures: number;
  /** The sink's position at the last failure. */
  failedAt: Offset;
  /** The agent of the last failure. */
  failedOn: JoinedAgent | undefined;
  /** When what is read now began to be read, ms since the epoch; undefined before the first stream. For the rule of compacted topics. */
  readSinceMs: number | undefined;
  /** When all was read; undefined before. */
  readUntilMs: number | undefined;
  /** Where the log ended when all of it had last been read; -1n before. */
  readEnd: Offset;
}

/** A partition that nobody captures yet. */
export function newPartition(sink: PartitionSink, endOffset: Offset): AssignedPartition {
  const { parent, resume, snapshot } = sink.plan;
  return {
    sink,
    endOffset,
    epoch: 0n,
    leader: snapshot.leader,
    agent: undefined,
    movingTo: undefined,
    stream: undefined,
    done: endOffset >= 0n && sink.position >= endOffset,
    failures: 0,
    failedAt: -1n,
    failedOn: undefined,
    // What an extension continues was read by its parent.
    readSinceMs: parent === undefined ? undefined : Date.parse(parent.manifest.startedAt),
    readUntilMs: undefined,
    readEnd: parent === undefined ? -1n : resume,
  };
}

/** What an agent is told of its partition. */
export function toAssignment(partition: AssignedPartition): PartitionAssignment {
  const { topic } = partition.sink.plan;
  return {
    ...tp(partition),
    topicId: topic.topicId,
    derivedTopicId: topic.derivedTopicId,
    epoch: partition.epoch,
    endOffset: partition.endOffset,
  };
}

/** Topic and partition. */
export const tp = ({ sink }: AssignedPartition): TopicPartition => ({
  topic: sink.plan.topic.name,
  partition: sink.plan.snapshot.partition,
});
/** One string for topic and partition. */
export const keyOf = (sink: PartitionSink): string =>
  formatTopicPartition({ topic: sink.plan.topic.name, partition: sink.plan.snapshot.partition });
