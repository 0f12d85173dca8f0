import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { KopsError } from '@kops/core';

/** Where a repository is. */
export interface RepositoryLocation {
  readonly scheme: 'file';
  /** Absolute path. */
  readonly directory: string;
  /** Normal form, e.g. `file:///backups`. */
  readonly url: string;
}

function refuse(message: string): never {
  throw new KopsError('KOPS_USAGE', message, {
    hint: 'Use a directory, as file:///absolute/path or as a plain path.',
  });
}

function parseFileUrl(text: string): string {
  // The URL parser would take "file://backups" for a host and "file:backups" for an absolute path: both mean something else.
  if (!text.toLowerCase().startsWith('file:///'))
    refuse(`the path of ${JSON.stringify(text)} is not absolute`);
  try {
    const url = new URL(text);
    if (url.search !== '' || url.hash !== '')
      refuse(`${JSON.stringify(text)} contains a query or a fragment; write ? as %3F and # as %23`);
    return fileURLToPath(url);
  } catch (error) {
    if (KopsError.is(error)) throw error;
    return refuse(`${JSON.stringify(text)} is not a file URL`);
  }
}

/** `~` and `~/path` as a shell expands them; in a configuration file or behind `=` no shell does. */
function expandHome(path: string): string {
  if (path === '~' || path.startsWith('~/')) return join(homedir(), path.slice(1));
  if (path.startsWith('~'))
    refuse(
      `${JSON.stringify(path)} begins with ~ and a name: write ./${path} for a directory of that name`,
    );
  return path;
}

/**
 * Understands what `--repository` is given: `file:///absolute/path` or a plain path (relative ones from the working
 * directory, `~/` from the home directory of the user that runs kops).
 * @throws KOPS_USAGE for anything else; `s3://bucket/prefix` is known by name but not supported yet.
 */
export function parseRepositoryUrl(text: string): RepositoryLocation {
  if (text.trim() === '' || text.includes('\0')) refuse('the repository is empty or not a path');
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)?.[1]?.toLowerCase();
  if (scheme === 's3') refuse(`repositories in S3 are not supported yet: ${JSON.stringify(text)}`);
  if (scheme !== undefined && scheme !== 'file')
    refuse(`kops does not support repositories of the kind ${JSON.stringify(`${scheme}://`)}`);
  const isFileUrl = /^file:/i.test(text);
  const directory = resolve(isFileUrl ? parseFileUrl(text) : expandHome(text));
  return { scheme: 'file', directory, url: pathToFileURL(directory).href };
}
