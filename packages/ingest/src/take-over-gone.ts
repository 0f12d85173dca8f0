import { matchesGlob } from '@kops/core';
import type { AssignedPartition } from './assigned-partition.ts';
import type { CapturedTopic } from './capture-record.ts';
import { topicIdOf } from './cluster-snapshot.ts';
import { capturedTopic, planGoneTopic, topicsOf } from './gone-topics.ts';
import { findParents } from './parents.ts';
import type { TopicEnd } from './plan-backup.ts';
import type { Leftovers } from './recovery.ts';
import { absentMs, type TopicWatchScope } from './topic-watch.ts';

/** A topic that dead captures have captured and that is gone. */
interface GoneTopic {
  readonly captured: CapturedTopic;
  readonly end: TopicEnd;
}

/**
 * Takes in what dead captures left of topics that do not exist any more: it was acknowledged, and nobody can read it again. Whatever topics this backup is
 * about, since no later one would be more about these; only what it excludes stays where it is. A life whose name another has now gets an archive of its own.
 */
export async function takeOverGone(scope: TopicWatchScope, leftovers: Leftovers): Promise<void> {
  const topics = await findGone(scope, leftovers);
  if (topics.length === 0) return;
  const { context, prepared, partitions, commit } = scope;
  const names = topics.map(({ captured }) => captured.name);
  const { clusterId } = prepared.snapshot.cluster;
  const parents = await findParents(context.repositories, clusterId, names);
  const take = ({ captured, end }: GoneTopic): Promise<AssignedPartition[]> =>
    partitions.takeOver(planGoneTopic(captured, end, leftovers, parents));
  for (const topic of topics.filter(({ end }) => end === 'topic-recreated')) {
    const taken = await take(topic);
    if (taken.length === 0) continue;
    await commit();
    for (const partition of taken) partitions.forget(partition);
  }
  for (const topic of topics.filter(({ end }) => end === 'topic-deleted')) await take(topic);
}

async function findGone(scope: TopicWatchScope, leftovers: Leftovers): Promise<GoneTopic[]> {
  const { context, prepared, request, onNotice } = scope;
  const { cluster, liveTopics } = prepared.snapshot;
  const missing = [...topicsOf(leftovers)].filter((id) => !liveTopics.has(id));
  if (missing.length === 0) return [];
  // Brokers learn of topics one after the other: one that is there must not be taken for gone.
  await context.clock.sleep(absentMs);
  const present = await context.kafka.topics();
  const ids = new Set(present.map((topic) => topicIdOf(cluster.clusterId, topic)));
  const names = new Set(present.map(({ name }) => name));
  const gone: GoneTopic[] = [];
  // The newest capture's first: of two lives that are both gone it has the later one.
  for (const id of missing.filter((one) => !ids.has(one))) {
    const captured = capturedTopic(leftovers, id);
    if (
      captured === undefined ||
      request.exclude.some((glob) => matchesGlob(glob, captured.name))
    ) {
      onNotice(
        'other',
        describeLeft(captured?.name ?? `with the id ${id}`, captured === undefined),
      );
      continue;
    }
    gone.push({ captured, end: names.has(captured.name) ? 'topic-recreated' : 'topic-deleted' });
    names.add(captured.name);
  }
  return gone.reverse();
}

function describeLeft(topic: string, isUnknown: boolean): string {
  const why = isUnknown ? 'the name of the topic is unknown' : 'it is excluded';
  return `topic ${topic} was deleted after an interrupted backup captured it. Its durable data stays in the repository but is in no archive: ${why}`;
}
