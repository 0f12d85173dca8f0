import {
  commitKey,
  decodeRepositoryInfo,
  documentLimits,
  manifestKey,
  repositoryKey,
  type Commit,
} from '@kops/archive-format';
import { throwIfAborted } from '@kops/core';
import type { Archive } from '@kops/repository';
import type { FindingLog } from './finding-log.ts';

/**
 * Checks what an archive's existence rests on: `repository.json`, the commit log and the manifest. The first two say their own SHA-256,
 * each commit that of the one before it, too, and that of its manifest.
 */
export async function checkCommits(
  archive: Archive,
  log: FindingLog,
  signal: AbortSignal | undefined,
): Promise<void> {
  await attempt(log, repositoryKey, () => checkRepositoryInfo(archive));
  await attempt(log, undefined, () => walkLog(archive, log, signal));
  await attempt(log, archive.ref.manifest.key, () => checkManifest(archive, log));
}

async function attempt(
  log: FindingLog,
  object: string | undefined,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    log.addThrown(thrown, object === undefined ? {} : { object });
  }
}

/** Read anew: what was opened may have changed since. */
async function checkRepositoryInfo({ repository: { store } }: Archive): Promise<void> {
  const bytes = await store.get(repositoryKey, { maxBytes: documentLimits.repository });
  decodeRepositoryInfo(bytes, { object: repositoryKey });
}

async function walkLog(
  { repository, ref }: Archive,
  log: FindingLog,
  signal: AbortSignal | undefined,
): Promise<void> {
  const lastOfShard = new Map<string, Commit>();
  const archives = new Set<string>();
  let found: Commit | undefined;
  for await (const commit of repository.commits(signal === undefined ? {} : { signal })) {
    throwIfAborted(signal);
    lastOfShard.set(commit.shard, commit);
    if (commit.archive !== null) archives.add(commit.archive);
    if (commit.archive === ref.archive) found = commit;
  }
  if (found?.manifest?.sha256 !== ref.manifest.sha256 || found.manifest.key !== ref.manifest.key) {
    log.add('error', 'KOPS_MANIFEST_INVALID', 'the commit log does not contain this manifest', {
      object: commitKey(ref.shard, ref.sequence),
    });
  }
  for (const commit of lastOfShard.values()) checkLast(commit, archives, log);
}

/** What the last commit names, no later one has read. */
function checkLast(commit: Commit, archives: ReadonlySet<string>, log: FindingLog): void {
  const object = commitKey(commit.shard, commit.sequence);
  const wrong = (problem: string): void =>
    log.add('error', 'KOPS_MANIFEST_INVALID', `commit ${object} ${problem}`, { object });
  if (commit.archive !== null && commit.manifest?.key !== manifestKey(commit.archive))
    wrong(`names the manifest ${commit.manifest?.key ?? 'none'}`);
  for (const id of commit.retires)
    if (!archives.has(id)) wrong(`retires archive ${id}, which was never committed`);
}

async function checkManifest({ repository, ref }: Archive, log: FindingLog): Promise<void> {
  // Read anew: what was opened may have changed since.
  await repository.readManifest(ref);
  const { key, bytes } = ref.manifest;
  const size = (await repository.store.head(key))?.size;
  if (size === bytes && key === manifestKey(ref.archive)) return;
  log.add(
    'error',
    'KOPS_MANIFEST_INVALID',
    `the commit records manifest ${key} with ${bytes} bytes, the repository has ${manifestKey(ref.archive)} with ${String(size)} bytes`,
    { object: commitKey(ref.shard, ref.sequence) },
  );
}
