import { errorToJson, mapLimit, throwIfAborted, toKopsError, type KopsError } from '@kops/core';
import type { Repository } from '@kops/repository';
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

/** Lists archives. One whose manifest cannot be read does not hide the others. */
export async function listArchives(
  repository: Repository,
  options: { readonly cluster?: string | undefined; readonly signal: AbortSignal },
): Promise<ArchiveList> {
  const { cluster, signal } = options;
  const refs = await repository.archives(cluster === undefined ? {} : { cluster });
  const failures: KopsError[] = [];
  const archives = await mapLimit(refs, parallelReads, async (ref): Promise<ListedArchive> => {
    throwIfAborted(signal);
    const { archive, cluster } = ref;
    try {
      return {
        archive,
        cluster,
        summary: summarizeArchive(ref, await repository.readManifest(ref)),
        error: null,
      };
    } catch (thrown) {
      const error = toKopsError(thrown);
      if (!ofOneArchive.has(error.code)) throw error;
      failures.push(error);
      return { archive, cluster, summary: null, error: errorToJson(error) };
    }
  });
  return { repository: repository.store.url, archives, failures };
}
