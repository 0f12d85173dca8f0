import {
  commitKey,
  commitPrefix,
  decodeCommit,
  documentLimits,
  parseCommitKey,
  sha256Hex,
  type ArchiveCommit,
  type Commit,
} from '@kops/archive-format';
import { KopsError, throwIfAborted } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import { readDocument } from './read-document.ts';

/** Last commit of a shard that was read: what the next one has to follow. */
export interface ShardHead {
  readonly sequence: number;
  readonly sha256: string | null;
}

const emptyHead: ShardHead = { sequence: 0, sha256: null };

/** Whether a commit adds an archive. */
export function isArchiveCommit(commit: Commit): commit is ArchiveCommit {
  return (
    commit.archive !== null &&
    commit.series !== null &&
    commit.manifest !== null &&
    commit.selection !== null
  );
}

/** Shards that have commits. Skips from shard to shard instead of listing every commit. */
export async function listShards(store: ObjectStore): Promise<string[]> {
  const shards: string[] = [];
  for (let startAfter: string | undefined; ;) {
    const key = await firstKey(store, 'commits/', startAfter);
    if (key === undefined) return shards;
    const { shard } = requireCommitKey(store, key);
    shards.push(shard);
    // '0' follows '/': after all keys of this shard, before those of any later one.
    startAfter = `commits/${shard}0`;
  }
}

/** The first key of a prefix, in key order. */
export async function firstKey(
  store: ObjectStore,
  prefix: string,
  startAfter?: string,
): Promise<string | undefined> {
  for await (const { key } of store.list(prefix, startAfter === undefined ? {} : { startAfter }))
    return key;
  return undefined;
}

/**
 * Commits of one shard after `head`, each checked: sequences without a gap, each naming the SHA-256 of the one before.
 * @throws KOPS_MANIFEST_INVALID
 */
export async function* readCommits(
  store: ObjectStore,
  shard: string,
  head: ShardHead = emptyHead,
  signal?: AbortSignal,
): AsyncGenerator<{ commit: Commit; head: ShardHead }> {
  const after = head.sequence === 0 ? {} : { startAfter: commitKey(shard, head.sequence) };
  let last = head;
  for await (const { key } of store.list(commitPrefix(shard), after)) {
    throwIfAborted(signal);
    const { sequence } = requireCommitKey(store, key);
    if (sequence !== last.sequence + 1)
      throw broken(store, commitKey(shard, last.sequence + 1), 'is missing from the commit log');
    const bytes = await readDocument(
      store,
      { key, what: 'commit', maxBytes: documentLimits.commit },
      signal,
    );
    const commit = decodeCommit(bytes, { repository: store.url, object: key });
    checkFollows(store, commit, { key, shard, last });
    last = { sequence, sha256: sha256Hex(bytes) };
    yield { commit, head: last };
  }
}

function requireCommitKey(store: ObjectStore, key: string): { shard: string; sequence: number } {
  const parsed = parseCommitKey(key);
  if (parsed === undefined) throw broken(store, key, 'does not have the key of a commit');
  return parsed;
}

function checkFollows(
  store: ObjectStore,
  commit: Commit,
  at: { key: string; shard: string; last: ShardHead },
): void {
  const { key, shard, last } = at;
  if (commit.sequence !== last.sequence + 1 || commit.shard !== shard) {
    throw broken(
      store,
      key,
      `has the number ${String(commit.sequence)} of shard ${commit.shard} in its content`,
    );
  }
  if (commit.previous !== last.sha256) {
    throw broken(
      store,
      key,
      `refers to a previous commit with SHA-256 ${String(commit.previous)}, but the previous commit has ${String(last.sha256)}`,
    );
  }
  const named = [commit.archive, commit.series, commit.manifest, commit.selection].filter(
    (value) => value !== null,
  ).length;
  if (named !== 0 && named !== 4)
    throw broken(store, key, 'has an incomplete reference to an archive');
}

function broken(store: ObjectStore, key: string, problem: string): KopsError {
  return new KopsError('KOPS_MANIFEST_INVALID', `commit ${key} ${problem}`, {
    at: { repository: store.url, object: key },
    hint: 'Use another copy of the repository: this commit log is damaged or was edited.',
  });
}

/** What the commit log says now, read on from where it was read to before. */
export class CommitLog {
  readonly #store: ObjectStore;
  readonly #heads = new Map<string, ShardHead>();
  readonly #archives = new Map<string, ArchiveCommit>();
  readonly #retired = new Set<string>();
  readonly #fenced = new Set<string>();
  readonly #seriesEnds = new Map<string, ArchiveCommit>();

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  head(shard: string): ShardHead {
    return this.#heads.get(shard) ?? emptyHead;
  }

  /** A commit of this archive id that was not retired. */
  archive(id: string): ArchiveCommit | undefined {
    return this.#archives.get(id);
  }

  isRetired(id: string): boolean {
    return this.#retired.has(id);
  }

  /** Last archive of a series, retired or not. */
  seriesEnd(series: string): ArchiveCommit | undefined {
    return this.#seriesEnds.get(series);
  }

  /** Whether another backup has taken a series over. */
  isFenced(series: string): boolean {
    return this.#fenced.has(series);
  }

  /** Archives that exist, by sequence, then shard. */
  archives(): ArchiveCommit[] {
    return [...this.#archives.values()].sort(
      (a, b) => a.sequence - b.sequence || (a.shard < b.shard ? -1 : 1),
    );
  }

  /** Reads what was committed since. @throws KOPS_MANIFEST_INVALID */
  async refresh(shard?: string, signal?: AbortSignal): Promise<void> {
    const shards = shard === undefined ? await listShards(this.#store) : [shard];
    for (const name of shards) {
      for await (const { commit, head } of readCommits(this.#store, name, this.head(name), signal))
        this.#take(commit, head);
    }
  }

  #take(commit: Commit, head: ShardHead): void {
    // Two refreshes may run at once: what one has taken already, the other skips.
    if (head.sequence !== this.head(commit.shard).sequence + 1) return;
    this.#heads.set(commit.shard, head);
    for (const id of commit.retires) {
      this.#archives.delete(id);
      this.#retired.add(id);
    }
    for (const series of commit.fences ?? []) this.#fenced.add(series);
    if (!isArchiveCommit(commit)) return;
    this.#archives.set(commit.archive, commit);
    this.#seriesEnds.set(commit.series, commit);
  }
}
