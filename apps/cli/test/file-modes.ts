import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Types and permissions of everything below a folder, each once, in octal: `100600` is a file of its owner, `40700` a directory. */
export async function fileModes(folder: string): Promise<string[]> {
  const paths = await readdir(folder, { recursive: true });
  const found = await Promise.all(paths.map((path) => stat(join(folder, path))));
  return [...new Set(found.map(({ mode }) => mode.toString(8)))].sort();
}
