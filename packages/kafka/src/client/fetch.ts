import { KopsError, zeroTopicId } from '@kops/core';
import type { PartitionFetch, PartitionFetched } from '../apis/fetch.ts';
import { fetchV11 } from '../apis/fetch-v11.ts';
import { fetchV13 } from '../apis/fetch-v13.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { send, topicNotFound } from '../cluster/send.ts';
import { kafkaCode } from '../error-codes.ts';
import { formatAddress } from '../network/failures.ts';
import { FetchThrottle } from '../network/fetch-throttle.ts';
import type { Answer } from '../network/broker-connection.ts';
import type { BrokerLink } from '../network/broker-link.ts';
import type { FetchRequest, FetchResult, PartitionMetadata } from '../port.ts';
import { supports } from '../wire/api.ts';
import { listOffsets } from './list-offsets.ts';
import { protocolError } from './protocol-error.ts';

/** How long a topic may seem absent before it counts as gone: brokers learn of topics one after the other. */
const goneAfterMs = 3_000;

type Identity = 'same' | 'topic-recreated' | 'topic-gone';

/** Compares the id that was asked for with the topic's as the cluster has it now. */
async function identify(cluster: Cluster, request: FetchRequest): Promise<Identity> {
  cluster.forget(request.topic);
  const topic = await cluster.topic(request.topic, request.signal);
  if (topic === undefined) return 'topic-gone';
  const isOther =
    request.topicId !== undefined && topic.id !== undefined && topic.id !== request.topicId;
  return isOther ? 'topic-recreated' : 'same';
}

const isIdentityCode = (code: number): boolean =>
  code === kafkaCode.unknownTopicId ||
  code === kafkaCode.inconsistentTopicId ||
  code === kafkaCode.unknownTopicOrPartition;

function toPartitionFetch(
  request: FetchRequest,
  metadata: PartitionMetadata,
  topicId: string | undefined,
): PartitionFetch {
  const { currentLeaderEpoch } = request;
  return {
    topic: request.topic,
    partition: request.partition,
    offset: request.offset,
    maxBytes: request.maxBytes,
    maxWaitMs: request.maxWaitMs,
    topicId: topicId ?? zeroTopicId,
    // The caller's epoch is from before a leader move, perhaps; metadata is refreshed after each refusal (KIP-320).
    currentLeaderEpoch:
      currentLeaderEpoch < 0 ? -1 : Math.max(currentLeaderEpoch, metadata.leaderEpoch),
    lastFetchedEpoch: request.lastFetchedEpoch ?? -1,
    isolationLevel: request.readCommitted === true ? 1 : 0,
  };
}

async function outOfRange(
  cluster: Cluster,
  request: FetchRequest,
  fetched: PartitionFetched,
): Promise<FetchResult> {
  const { highWatermark, logStart } = fetched;
  // Brokers leave both out of this answer; the caller needs them to tell a loss from a lagging replica.
  const ask = async (known: bigint, spec: 'latest' | 'earliest'): Promise<bigint> =>
    known >= 0n ? known : ((await listOffsets(cluster, [request], spec, request.signal))[0] ?? -1n);
  return {
    status: 'offset-out-of-range',
    highWatermark: await ask(highWatermark, 'latest'),
    logStart: await ask(logStart, 'earliest'),
  };
}

interface Attempt {
  readonly link: BrokerLink;
  readonly answer: Answer<PartitionFetched>;
  readonly isById: boolean;
}

async function fetchOnce(
  cluster: Cluster,
  request: FetchRequest,
): Promise<Attempt | 'topic-recreated'> {
  const { topic, partition, signal } = request;
  const { link, metadata, topic: known } = await cluster.leader(topic, partition, signal);
  if (request.topicId !== undefined && known.id !== undefined && known.id !== request.topicId)
    return 'topic-recreated';
  return link.withFetchConnection(async (connection) => {
    const isById = known.id !== undefined && supports(connection.versions, fetchV13);
    const body = toPartitionFetch(request, metadata, request.topicId ?? known.id);
    const options = { waitMs: request.maxWaitMs, signal };
    await link.fetchThrottle.wait(signal);
    const answer = await send(connection, isById ? fetchV13 : fetchV11, body, options);
    return { link, isById, answer };
  }, signal);
}

async function toResult(
  cluster: Cluster,
  request: FetchRequest,
  { link, answer, isById }: Attempt,
): Promise<FetchResult | FetchThrottle | 'identify'> {
  const { response, release } = answer;
  const { errorCode, highWatermark, lastStableOffset, logStart, aborted, records } = response;
  if (errorCode === kafkaCode.none && !response.isAnswered) {
    release();
    if (response.throttleMs <= 0) throw unanswered(link, request);
    link.fetchThrottle.held(response.throttleMs);
    return link.fetchThrottle;
  }
  link.fetchThrottle.passed();
  if (errorCode === kafkaCode.none && response.diverging === undefined) {
    if (!isById && request.topicId !== undefined) {
      // Fetched by name: these bytes may be of a topic recreated meanwhile. Nothing of them counts before that is known.
      const identity = await identify(cluster, request);
      if (identity !== 'same') return { status: identity };
    }
    return {
      status: 'ok',
      bytes: records,
      highWatermark,
      lastStableOffset,
      logStart,
      abortedTransactions: aborted,
      release,
    };
  }
  release();
  if (response.diverging !== undefined) {
    return {
      status: 'diverged',
      leaderEpoch: response.diverging.epoch,
      endOffset: response.diverging.endOffset,
    };
  }
  if (errorCode === kafkaCode.offsetOutOfRange) return outOfRange(cluster, request, response);
  if (isIdentityCode(errorCode)) return 'identify';
  cluster.forget(request.topic);
  throw protocolError(fetchV13, errorCode, {
    at: { topic: request.topic, partition: request.partition, offset: request.offset },
  });
}

function unanswered({ address }: BrokerLink, { topic, partition }: FetchRequest): KopsError {
  const broker = formatAddress(address);
  return new KopsError(
    'KOPS_KAFKA_UNREACHABLE',
    `${broker} returned a Fetch response without the partition`,
    { at: { broker, topic, partition }, hint: 'Check the log of this broker.' },
  );
}

/** See {@link import('../port.ts').KafkaClient.fetch}. */
export async function fetch(cluster: Cluster, request: FetchRequest): Promise<FetchResult> {
  for (;;) {
    // Each round has the whole retry deadline: a quota is no failure, and how long it may hold back has a deadline of its own.
    const result = await fetchOrThrottled(cluster, request);
    if (!(result instanceof FetchThrottle)) return result;
    result.throwIfStarved();
  }
}

async function fetchOrThrottled(
  cluster: Cluster,
  request: FetchRequest,
): Promise<FetchResult | FetchThrottle> {
  const at = { topic: request.topic, partition: request.partition };
  const started = performance.now();
  return cluster.attempt(async () => {
    try {
      const attempt = await fetchOnce(cluster, request);
      const result =
        attempt === 'topic-recreated' ? 'identify' : await toResult(cluster, request, attempt);
      if (result !== 'identify') return result;
    } catch (error) {
      // Dropped connections and moved leaders look alike from here: ask again who leads.
      if (KopsError.is(error, 'KOPS_KAFKA_UNREACHABLE')) cluster.forget(request.topic);
      if (!KopsError.is(error, 'KOPS_TOPIC_NOT_FOUND')) throw error;
    }
    const identity = await identify(cluster, request);
    if (identity === 'topic-recreated') return { status: identity };
    if (identity === 'topic-gone' && performance.now() - started >= goneAfterMs)
      return { status: identity };
    throw new KopsError(
      'KOPS_KAFKA_UNREACHABLE',
      `the brokers have different metadata for topic '${request.topic}'`,
      {
        at,
        cause: topicNotFound(request.topic),
        hint: 'Check whether the topic is being created or deleted, then try again.',
      },
    );
  }, request.signal);
}
