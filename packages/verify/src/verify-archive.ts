import { KopsError } from '@kops/core';
import type { VerifyOptions } from './verify-options.ts';
import type { VerifyReport } from './verify-report.ts';

/** Verifies an archive. */
export function verifyArchive(options: VerifyOptions): Promise<VerifyReport> {
  return Promise.reject(new KopsError('KOPS_UNEXPECTED', `level ${options.level} is not built yet`));
}
