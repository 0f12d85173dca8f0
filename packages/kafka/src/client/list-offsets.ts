import { KopsError, formatTopicPartition, type Offset, type TopicPartition } from '@kops/core';
import { listOffsetsV5, type ListOffsetsRequest } from '../apis/list-offsets-v5.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { kafkaCode } from '../error-codes.ts';
import type { BrokerLink } from '../network/broker-link.ts';
import type { OffsetSpec } from '../port.ts';
import { protocolError } from './protocol-error.ts';

const latestTimestamp = -1n;
const earliestTimestamp = -2n;

function timestampOf(spec: OffsetSpec): bigint {
  if (spec === 'earliest') return earliestTimestamp;
  return spec === 'latest' || spec === 'lastStable' ? latestTimestamp : spec.timestamp;
}

/** The request for partitions of one leader. */
export function toRequest(
  partitions: readonly TopicPartition[],
  spec: OffsetSpec,
): ListOffsetsRequest {
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

/** Asks one broker; keeps the answers that are good and reports the others. */
export async function askLeader(
  cluster: Cluster,
  link: BrokerLink,
  request: ListOffsetsRequest,
  found: Map<string, Offset>,
  onFailure: (at: TopicPartition, error: KopsError) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { topics } = await cluster.ask(link, listOffsetsV5, request, { signal });
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
        await askLeader(cluster, link, toRequest(members, spec), found, fail, signal);
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
