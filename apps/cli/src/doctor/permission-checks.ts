import { counted, internalTopics, type KopsError, mapLimit, toKopsError } from '@kops/core';
import type { KafkaClient, TopicMetadata } from '@kops/kafka';
import { check, fail, ok, warn, type CheckResult } from './check.ts';
import { firstOf } from './partition-checks.ts';

/** Topics of which a batch is fetched to see whether that is allowed. */
const maxReadTopics = 500;
const maxGroups = 50;
const parallelReads = 8;

/** Whether this user may do what a backup does. Everything here only reads. */
export async function permissionChecks(
  kafka: KafkaClient,
  topics: readonly TopicMetadata[],
  signal: AbortSignal,
): Promise<CheckResult[]> {
  const own = topics.filter(({ name }) => !internalTopics.has(name));
  return [
    visibility(own),
    await check('topic configs', signal, async () => {
      await kafka.topicConfigs(own.map(({ name }) => name));
      return ok('topic configs', `configs of ${counted(own.length, 'topic')} can be described`);
    }),
    await check('reading', signal, () => readCheck(kafka, own, signal)),
    await check('groups', signal, () => groupCheck(kafka, signal)),
  ];
}

function visibility(topics: readonly TopicMetadata[]): CheckResult {
  const said = `${counted(topics.length, 'topic')} visible to this user`;
  if (topics.length > 0)
    return ok('topics', `${said}; topics without the DESCRIBE permission are hidden`);
  return warn('topics', said, {
    hint: 'Grant DESCRIBE on the topics with an ACL, or create a topic. Kafka hides topics from users without DESCRIBE.',
  });
}

/** A fetch of one batch needs the right READ, and changes nothing. */
async function readCheck(
  kafka: KafkaClient,
  topics: readonly TopicMetadata[],
  signal: AbortSignal,
): Promise<CheckResult> {
  const places = topics.slice(0, maxReadTopics).flatMap(({ name, id, partitions }) => {
    const readable = partitions.find(({ leader }) => leader >= 0);
    return readable === undefined
      ? []
      : [
          {
            topic: name,
            topicId: id,
            partition: readable.partition,
            leaderEpoch: readable.leaderEpoch,
          },
        ];
  });
  const starts = await kafka.listOffsets(places, 'earliest');
  const failures: { topic: string; error: KopsError }[] = [];
  await mapLimit(
    places,
    parallelReads,
    async ({ topic, topicId, partition, leaderEpoch }, index) => {
      try {
        const offset = starts[index] ?? 0n;
        const fetched = await kafka.fetch({
          topic,
          partition,
          topicId,
          offset,
          currentLeaderEpoch: leaderEpoch,
          maxBytes: 1,
          maxWaitMs: 0,
          signal,
        });
        if (fetched.status === 'ok') fetched.release?.();
      } catch (thrown) {
        failures.push({ topic, error: toKopsError(thrown) });
      }
    },
  );
  const [first] = failures;
  if (first === undefined) return ok('reading', `${counted(places.length, 'topic')} can be read`);
  return fail(
    'reading',
    first.error.code,
    `${String(failures.length)} of ${String(places.length)} topics cannot be read`,
    {
      details: firstOf(failures.map(({ topic, error }) => `${topic}: ${error.message}`)),
      ...(first.error.hint === undefined ? {} : { hint: first.error.hint }),
    },
  );
}

async function groupCheck(kafka: KafkaClient, signal: AbortSignal): Promise<CheckResult> {
  const groups = await kafka.listGroups();
  await mapLimit(groups.slice(0, maxGroups), parallelReads, async ({ group }) => {
    signal.throwIfAborted();
    await kafka.committedOffsets(group);
  });
  return ok(
    'groups',
    `${counted(groups.length, 'consumer group')} visible to this user, their offsets can be read`,
  );
}
