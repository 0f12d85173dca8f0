import {
  errorToJson,
  isGlob,
  KopsError,
  mapLimit,
  matchesGlob,
  throwIfAborted,
  toKopsError,
} from '@kops/core';
import { unknownCluster, type Repository } from '@kops/repository';
import { summarizeArchive, type ArchiveSummary } from './archive-summary.ts';

/** An archive of a list: its summary, or why it cannot be told. */
export interface ListedArchive {
  readonly archive: string;
  readonly cluster: string;
  readonly summary: ArchiveSummary | null;
  readonly error: Record<string, unknown> | null;
}

/** The archives of a repository. */
export interface ArchiveList {
  readonly repository: string;
  /** The newest last, by the commit log. */
  readonly archives: readonly ListedArchive[];
  /** Why archives could not be read, in their order. */
  readonly failures: readonly KopsError[];
}

/** Manifests may be large: few at a time. */
const parallelReads = 2;

/** Codes of failures that concern one archive alone; others concern all. */
const ofOneArchive = new Set(['KOPS_MANIFEST_INVALID', 'KOPS_FORMAT_UNSUPPORTED']);

/** Which archives are listed. */
export interface ListOptions {
  readonly cluster?: string | undefined;
  /** Names and globs of topics, of which an archive holds one at least. */
  readonly topics?: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

/** Lists archives. One whose manifest cannot be read does not hide the others. @throws KOPS_ARCHIVE_NOT_FOUND for a cluster, KOPS_TOPIC_NOT_FOUND for topics of no archive */
export async function listArchives(
  repository: Repository,
  options: ListOptions,
): Promise<ArchiveList> {
  const { cluster, topics = [], signal } = options;
  const all = await repository.archives();
  const refs = all.filter((ref) => cluster === undefined || ref.cluster === cluster);
  if (cluster !== undefined && refs.length === 0)
    throw unknownCluster(all, cluster, { repository: repository.store.url });
  const failures: KopsError[] = [];
  const listed = await mapLimit(refs, parallelReads, async (ref): Promise<Listed> => {
    throwIfAborted(signal);
    const { archive, cluster } = ref;
    try {
      const manifest = await repository.readManifest(ref);
      const names = manifest.topics.map(({ name }) => name);
      const summary = summarizeArchive(ref, manifest);
      return { names, shown: { archive, cluster, summary, error: null } };
    } catch (thrown) {
      const error = toKopsError(thrown);
      if (!ofOneArchive.has(error.code)) throw error;
      failures.push(error);
      return { names: null, shown: { archive, cluster, summary: null, error: errorToJson(error) } };
    }
  });
  requireTopics(listed, topics, repository.store.url);
  // What cannot be read may hold it.
  const archives = listed
    .filter(({ names }) => names === null || topics.length === 0 || holdsAny(names, topics))
    .map(({ shown }) => shown);
  return { repository: repository.store.url, archives, failures };
}

interface Listed {
  readonly shown: ListedArchive;
  /** Of its topics; null where it cannot be read. */
  readonly names: readonly string[] | null;
}

const holdsAny = (names: readonly string[], globs: readonly string[]): boolean =>
  globs.some((glob) => names.some((name) => matchesGlob(glob, name)));

/** @throws KOPS_TOPIC_NOT_FOUND for a name or glob that no archive holds a topic of */
function requireTopics(
  listed: readonly Listed[],
  topics: readonly string[],
  repository: string,
): void {
  const missing = topics.find((glob) => !listed.some(({ names }) => holdsAny(names ?? [], [glob])));
  if (missing === undefined) return;
  const what = isGlob(missing) ? `topic that matches '${missing}'` : `topic '${missing}'`;
  throw new KopsError('KOPS_TOPIC_NOT_FOUND', `no archive holds a ${what}`, {
    at: { repository, topic: missing },
    hint: "Run 'kops archives show' to list the topics of an archive; quote globs so that the shell does not expand them.",
  });
}
