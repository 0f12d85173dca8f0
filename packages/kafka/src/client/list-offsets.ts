import { KopsError, formatTopicPartition, type Offset, type TopicPartition } from '@kops/core';
import {
  listOffsetsV5,
  type ListOffsetsRequest,
  type ListOffsetsResponse,
} from '../apis/list-offsets-v5.ts';
import { listOffsetsV8 } from '../apis/list-offsets-v8.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { kafkaCode } from '../error-codes.ts';
import type { BrokerLink } from '../network/broker-link.ts';
import type { OffsetSpec } from '../port.ts';
import { supports } from '../wire/api.ts';
import { protocolError } from './protocol-error.ts';

const latestTimestamp = -1n;
const earliestTimestamp = -2n;
/** KIP-405. */
const earliestLocalTimestamp = -4n;
/** How long a broker may look a time up in tiered storage: its remote.list.offsets.request.timeout.ms. */
const remoteLookUpMs = 30_000;

function timestampOf(spec: OffsetSpec): bigint {
  if (spec === 'earliest') return earliestTimestamp;
  if (spec === 'earliestLocal') return earliestLocalTimestamp;
  return spec === 'latest' || spec === 'lastStable' ? latestTimestamp : spec.timestamp;
}

/** What partitions of one leader are asked for. */
export interface Question {
  readonly members: readonly TopicPartition[];
  readonly spec: OffsetSpec;
  readonly signal: AbortSignal | undefined;
}

function toRequest(partitions: readonly TopicPartition[], spec: OffsetSpec): ListOffsetsRequest {
  const timestamp = timestampOf(spec);
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
  return {
    isolationLevel: spec === 'lastStable' ? 1 : 0,
    topics: [...byTopic].map(([topic, members]) => ({
      topic,
      partitions: members.map(({ partition }) => ({ partition, timestamp })),
    })),
  };
}

async function groupByLeader(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  signal: AbortSignal | undefined,
): Promise<Map<BrokerLink, TopicPartition[]>> {
  const byLeader = new Map<BrokerLink, TopicPartition[]>();
  for (const partition of partitions) {
    const { link } = await cluster.leader(partition.topic, partition.partition, signal);
    const members = byLeader.get(link) ?? [];
    members.push(partition);
    byLeader.set(link, members);
  }
  return byLeader;
}

/** Sends the question in the version that it needs; undefined where the broker does not have that. */
async function send(
  cluster: Cluster,
  link: BrokerLink,
  { members, spec, signal }: Question,
): Promise<ListOffsetsResponse | undefined> {
  const request = toRequest(members, spec);
  const waitMs = typeof spec === 'object' ? remoteLookUpMs : 0;
  if (spec !== 'earliestLocal')
    return cluster.ask(link, listOffsetsV5, request, { signal, waitMs });
  const { versions } = await link.control(signal);
  return supports(versions, listOffsetsV8)
    ? cluster.ask(link, listOffsetsV8, request, { signal })
    : undefined;
}

/** Asks one broker; keeps the answers that are good and reports the others. */
export async function askLeader(
  cluster: Cluster,
  link: BrokerLink,
  question: Question,
  found: Map<string, Offset>,
  onFailure: (at: TopicPartition, error: KopsError) => void,
): Promise<void> {
  const answer = await send(cluster, link, question);
  if (answer === undefined)
    for (const partition of question.members) found.set(formatTopicPartition(partition), -1n);
  const { topics } = answer ?? { topics: [] };
  for (const { topic, partitions } of topics) {
    for (const { partition, errorCode, offset } of partitions) {
      const at = { topic, partition };
      if (errorCode === kafkaCode.none) {
        found.set(formatTopicPartition(at), offset);
      } else {
        cluster.forget(topic);
        onFailure(at, protocolError(listOffsetsV5, errorCode, { at }));
      }
    }
  }
}

/** See {@link import('../port.ts').KafkaClient.listOffsets}. */
export async function listOffsets(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  spec: OffsetSpec,
  signal?: AbortSignal,
): Promise<Offset[]> {
  const found = new Map<string, Offset>();
  await cluster.attempt(async () => {
    const missing = partitions.filter((partition) => !found.has(formatTopicPartition(partition)));
    const failures: KopsError[] = [];
    for (const [link, members] of await groupByLeader(cluster, missing, signal)) {
      try {
        const fail = (_: TopicPartition, failure: KopsError): void => void failures.push(failure);
        await askLeader(cluster, link, { members, spec, signal }, found, fail);
      } catch (error) {
        if (!KopsError.is(error, 'KOPS_KAFKA_UNREACHABLE')) throw error;
        for (const { topic } of members) cluster.forget(topic);
        failures.push(error);
      }
    }
    const fatal = failures.find((failure) => !failure.retryable) ?? failures[0];
    if (fatal !== undefined) throw fatal;
  }, signal);
  return partitions.map((partition) => {
    const offset = found.get(formatTopicPartition(partition));
    if (offset !== undefined) return offset;
    throw leftOut(partition);
  });
}

/** An answer that lacks a partition. */
export const leftOut = (at: TopicPartition): KopsError =>
  new KopsError('KOPS_KAFKA_PROTOCOL', `ListOffsets left out ${formatTopicPartition(at)}`, { at });
