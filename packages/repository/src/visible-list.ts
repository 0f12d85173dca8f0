import {
  checkList,
  emptySegmentList,
  sliceList,
  withoutDamaged,
  type ArchiveCommit,
  type Manifest,
  type PartitionManifest,
  type SegmentList,
} from '@kops/archive-format';
import { KopsError, type TopicPartition } from '@kops/core';
import type { Repository } from './repository.ts';

/**
 * Reads a partition's list, checks that it is sound and of this partition, and narrows it to what the archive shows: without the batches that
 * were damaged at the source.
 * @throws KOPS_MANIFEST_INVALID
 */
export async function loadVisibleList(
  repository: Repository,
  ref: ArchiveCommit,
  manifest: Manifest,
  shown: PartitionManifest,
  { topic, partition }: TopicPartition,
): Promise<SegmentList> {
  const at = { repository: repository.store.url, archive: ref.archive, topic, partition };
  const identity = { cluster: manifest.cluster.id, topicId: shown.lineage.topicId, partition };
  if (shown.list === null) return emptySegmentList(identity);
  const list = await repository.readSegmentList(shown.list).catch((error: unknown) => {
    throw KopsError.locate(error, at);
  });
  const problem = findProblem(list, identity);
  if (problem !== undefined) {
    throw new KopsError('KOPS_MANIFEST_INVALID', `segment list ${shown.list} ${problem}`, {
      at,
      hint: 'Use another copy of the repository, or another archive.',
    });
  }
  return withoutDamaged(sliceList(list, shown.logStart, shown.cut));
}

function findProblem(
  list: SegmentList,
  identity: { cluster: string; topicId: string; partition: number },
): string | undefined {
  if (
    list.cluster !== identity.cluster ||
    list.topicId !== identity.topicId ||
    list.partition !== identity.partition
  ) {
    return `belongs to cluster ${list.cluster}, topic id ${list.topicId}, partition ${String(list.partition)}`;
  }
  const finding = checkList(list)[0];
  return finding === undefined ? undefined : `is wrong about ${finding.key}: ${finding.problem}`;
}
