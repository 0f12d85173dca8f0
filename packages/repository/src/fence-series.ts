import type { Commit } from '@kops/archive-format';
import { KopsError } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import { appendCommit } from './append-commit.ts';
import type { CommitLog } from './commit-log.ts';

/** See `Repository.fenceSeries`. */
export async function fenceSeries(
  store: ObjectStore,
  log: CommitLog,
  series: readonly string[],
  { cluster, shard }: { readonly cluster: string; readonly shard: string },
): Promise<void> {
  await appendCommit<Commit>(store, log, shard, () => ({
    content: {
      cluster,
      archive: null,
      series: null,
      manifest: null,
      selection: null,
      retires: [],
      fences: [...series],
      signature: null,
    },
  }));
}

/** What the owner of a series meets that another backup has taken over. */
export function fencedSeries(store: ObjectStore, series: string): KopsError {
  return new KopsError(
    'KOPS_FENCED',
    `another backup took over (${series}), because this one stopped sending heartbeats`,
    {
      at: { repository: store.url },
      hint: 'Keep the other backup running: it resumes from the durable data. Check why this process or its storage did not respond for 20 s.',
    },
  );
}
