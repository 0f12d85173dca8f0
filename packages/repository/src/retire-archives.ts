import type { Commit } from '@kops/archive-format';
import { KopsError } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import { appendCommit } from './append-commit.ts';
import type { CommitLog } from './commit-log.ts';

/** See `Repository.retireArchives`. */
export async function retireArchives(
  store: ObjectStore,
  log: CommitLog,
  ids: readonly string[],
  shard: string,
): Promise<Commit> {
  await log.refresh();
  return appendCommit(store, log, shard, () => {
    const retired = ids.map((id) => requireArchive(store, log, id));
    const clusters = new Set(retired.map(({ cluster }) => cluster));
    const [cluster = ''] = clusters;
    return {
      content: {
        cluster: clusters.size === 1 ? cluster : '',
        archive: null,
        series: null,
        manifest: null,
        selection: null,
        retires: [...ids],
        signature: null,
      },
    };
  });
}

function requireArchive(store: ObjectStore, log: CommitLog, id: string) {
  const found = log.archive(id);
  if (found !== undefined) return found;
  throw new KopsError(
    'KOPS_ARCHIVE_NOT_FOUND',
    log.isRetired(id) ? `archive '${id}' is already pruned` : `there is no archive '${id}'`,
    {
      at: { repository: store.url, archive: id },
      hint: "Run 'kops archives list' to list the archives.",
    },
  );
}
