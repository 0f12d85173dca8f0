import { mkdir, open, rename } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { KopsError, toKopsError } from '@kops/core';

/** Where reports go unless told otherwise. */
export const defaultReportDir = '.kops';

/**
 * Writes a report whole or not at all. Returns its absolute path.
 * @throws KOPS_ACCESS_DENIED, KOPS_NO_SPACE, KOPS_USAGE when the place is none
 */
export async function writeReport(path: string, text: string): Promise<string> {
  const target = resolve(path);
  try {
    await mkdir(dirname(target), { recursive: true });
    await using file = await open(`${target}.new`, 'w');
    await file.writeFile(text);
    await file.sync();
    await rename(`${target}.new`, target);
    return target;
  } catch (thrown) {
    const error = toKopsError(thrown);
    throw new KopsError(
      error.code === 'KOPS_UNEXPECTED' ? 'KOPS_USAGE' : error.code,
      `cannot write the report: ${error.message}`,
      {
        at: { object: target },
        hint: 'Use a writable directory with --report-dir.',
        cause: thrown,
      },
    );
  }
}
