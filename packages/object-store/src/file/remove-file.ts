import { unlink } from 'node:fs/promises';
import { isMissing } from './storage-error.ts';

/** Removes a file, if it is there. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
