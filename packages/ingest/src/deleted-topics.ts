import { coversSelection, wholeCluster, type DeletedTopic } from '@kops/archive-format';
import { isSelected, type NameSelection } from '@kops/core';
import type { Repository } from '@kops/repository';
import type { ClusterSnapshot } from './cluster-snapshot.ts';

/** So many archives are read at most: each may be of other topics. */
const maxArchivesBack = 200;

/**
 * Topics of a selection that the cluster no longer has and that were there when the newest archive of this selection was made: those that it holds, and
 * those of newer archives of parts. What was deleted before, that archive tells.
 */
export async function findDeletedTopics(
  repository: Repository | undefined,
  { cluster, topics }: Pick<ClusterSnapshot, 'cluster' | 'topics'>,
  selection: NameSelection,
): Promise<DeletedTopic[]> {
  if (repository === undefined) return [];
  const archives = await repository.archives({ cluster: cluster.clusterId });
  const seen = new Set(topics.map(({ name }) => name));
  const wanted = { ...wholeCluster, topics: [...selection.include] };
  const deleted: DeletedTopic[] = [];
  for (const ref of archives.reverse().slice(0, maxArchivesBack)) {
    const manifest = await repository.readManifest(ref);
    for (const { name, topicId } of manifest.topics) {
      if (!seen.has(name) && isSelected(name, selection))
        deleted.push({ name, topicId, archive: ref.archive });
      seen.add(name);
    }
    for (const { name } of manifest.deletedSinceParent) seen.add(name);
    if (!ref.selection.leftovers && coversSelection(ref.selection, wanted)) break;
  }
  return deleted.sort((a, b) => (a.name < b.name ? -1 : 1));
}
