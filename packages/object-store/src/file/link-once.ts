import { link, stat } from 'node:fs/promises';
import { systemCode } from './storage-error.ts';

/**
 * Gives a file a second name, unless something has that name.
 *
 * A file server whose answer was lost is asked again by the client of NFS, and may answer EEXIST to a link that the first request
 * made. So an EEXIST is a success when both names are the same file.
 * @throws EEXIST when another file has the name
 */
export async function linkOnce(
  from: string,
  to: string,
  makeLink: (from: string, to: string) => Promise<void> = link,
): Promise<void> {
  try {
    await makeLink(from, to);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST' || !(await isSameFile(from, to))) throw error;
  }
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([
    stat(one, { bigint: true }),
    stat(other, { bigint: true }),
  ]);
  return first.dev === second.dev && first.ino === second.ino;
}
