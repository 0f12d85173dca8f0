import { chown, copyFile, link, mkdir, readdir, realpath, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sandboxUnavailable } from '@kops/kafka-dist';

/** The user and group `nobody` of every Linux: Elasticsearch refuses to run as root. */
export const nobody = 65_534;

/** Whether this process is root. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Whether a user who is nobody in particular can get at a path: every folder above it lets others through. */
export async function isReachableByOthers(path: string): Promise<boolean> {
  try {
    const real = await realpath(path);
    for (let at = real; ; at = dirname(at)) {
      const { mode } = await stat(at);
      if ((mode & 0o001) === 0) return false;
      if (dirname(at) === at) return true;
    }
  } catch {
    return false;
  }
}

/**
 * A folder for temporary files that another user can reach too.
 * @throws KOPS_SANDBOX_UNAVAILABLE when there is none.
 */
export async function reachableTmpdir(): Promise<string> {
  for (const folder of [tmpdir(), '/tmp', '/var/tmp'])
    if (await isReachableByOthers(folder)) return folder;
  throw sandboxUnavailable(
    'there is no temporary folder that a user other than root can reach',
    'Set TMPDIR to a folder that every user can reach, or run as another user than root.',
  );
}

/** Makes a second view of a folder of files: hard links, or copies where the two are on different file systems. */
export async function linkTree(source: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o755 });
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    if (entry.isDirectory()) await linkTree(from, to);
    else await linkOrCopy(from, to);
  }
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    // Another file system, or one without hard links.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EXDEV' && code !== 'EPERM' && code !== 'ENOTSUP') throw error;
    await copyFile(from, to);
  }
}

/** Hands a folder and all that is in it to a user. */
export async function giveTo(user: number, folder: string): Promise<void> {
  await chown(folder, user, user);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    await chown(join(entry.parentPath, entry.name), user, user);
}
