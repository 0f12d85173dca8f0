import { coversTopics, type ArchiveCommit } from '@kops/archive-format';
import { isGlob, KopsError, matchesGlob, toKopsError } from '@kops/core';
import type { Archive, Repository } from '@kops/repository';

/** So many archives are read at most: their manifests may be large. */
const maxArchives = 500;

/** What of one archive cannot be read does not keep others from being looked at. */
const ofOneArchive = new Set(['KOPS_MANIFEST_INVALID', 'KOPS_FORMAT_UNSUPPORTED']);

/** A failure to find a topic in an archive, with the newest archive that holds it, if there is one. */
export async function nameHolder(
  error: KopsError,
  { repository, ref, manifest }: Archive,
): Promise<KopsError> {
  const { topic } = error.at;
  if (topic === undefined || manifest.topics.some(({ name }) => matchesGlob(topic, name)))
    return error;
  const holder = await findHolder(repository, ref, topic);
  const what = isGlob(topic) ? `topic that matches '${topic}'` : `topic '${topic}'`;
  return new KopsError(error.code, `archive ${ref.archive} holds no ${what}`, {
    at: error.at,
    hint:
      holder === undefined
        ? `Run 'kops archives show --archive ${ref.archive}' to list the topics of this archive; no other archive of the cluster holds it.`
        : `Use --archive ${holder}: it is the newest that holds it.`,
    cause: error.cause,
  });
}

async function findHolder(
  repository: Repository,
  { archive: asked, cluster }: ArchiveCommit,
  topic: string,
): Promise<string | undefined> {
  const archives = (await repository.archives({ cluster })).reverse();
  const candidates = archives.filter(
    ({ archive, selection }) =>
      archive !== asked &&
      // Leftovers may be of anything, and globs may mean more than an archive covers.
      (selection.leftovers || isGlob(topic) || coversTopics(selection, topic)),
  );
  for (const ref of candidates.slice(0, maxArchives))
    if ((await topicsOf(repository, ref)).some((name) => matchesGlob(topic, name)))
      return ref.archive;
  return undefined;
}

async function topicsOf(repository: Repository, ref: ArchiveCommit): Promise<string[]> {
  try {
    return (await repository.readManifest(ref)).topics.map(({ name }) => name);
  } catch (thrown) {
    if (ofOneArchive.has(toKopsError(thrown).code)) return [];
    throw thrown;
  }
}
