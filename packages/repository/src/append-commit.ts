import { commitKey, encodeCommit, type Commit } from '@kops/archive-format';
import { KopsError } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import type { CommitLog } from './commit-log.ts';

/** Slots that one commit may lose before it gives up. */
const maxLostSlots = 32;

/** A commit without its place in the log. */
export type CommitContent = Pick<
  Commit,
  'cluster' | 'archive' | 'series' | 'manifest' | 'selection' | 'retires' | 'fences' | 'signature'
>;

/**
 * Appends a commit to a shard. Whoever loses a slot reads on and looks again whether it may commit at all.
 *
 * @param decide called with the log as it is before each attempt: the content to commit, or the commit that is there already; throws to give up
 * @throws KOPS_HELD when slots were lost to others too often
 */
export async function appendCommit<T extends Commit>(
  store: ObjectStore,
  log: CommitLog,
  shard: string,
  decide: () => { readonly done: T } | { readonly content: CommitContent },
  signal?: AbortSignal,
): Promise<T> {
  for (let lost = 0; lost < maxLostSlots; lost++) {
    await log.refresh(shard, signal);
    const decision = decide();
    if ('done' in decision) return decision.done;
    const head = log.head(shard);
    const sequence = head.sequence + 1;
    const commit: Commit = {
      version: 1,
      shard,
      sequence,
      previous: head.sha256,
      ...decision.content,
    };
    const outcome = await store.putIfAbsent(commitKey(shard, sequence), encodeCommit(commit));
    if (outcome === 'created') return commit as T;
  }
  throw new KopsError(
    'KOPS_HELD',
    `other commits came first ${String(maxLostSlots)} times in shard '${shard}'`,
    {
      at: { repository: store.url },
      hint: 'Try again. If the error repeats, use only one archiver for this cluster.',
    },
  );
}
