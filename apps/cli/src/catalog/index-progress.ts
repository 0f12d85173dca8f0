import type { IndexProgress } from '@kops/indexer';
import type { ProgressState } from '../output/progress.ts';

/** An indexer's progress as a line of progress. */
export function indexProgress({
  activity,
  archivesIndexed,
  archivesTotal,
  records,
  rejected,
}: IndexProgress): ProgressState {
  const waits = activity.state === 'waiting' ? ', waiting for Elasticsearch' : '';
  return {
    label: 'catalog',
    done: BigInt(archivesIndexed),
    total: BigInt(archivesTotal),
    records: BigInt(records),
    detail: `${String(archivesIndexed)}/${String(archivesTotal)} archives${rejected > 0 ? `, ${String(rejected)} rejected` : ''}${waits}`,
  };
}
