import { KopsError } from '@kops/core';
import type { ExecuteOptions } from './execute-options.ts';
import type { RestoreResult } from './result.ts';

/**
 * Executes a plan: creates the topics, fills all partitions, sets group offsets, and the topics' own configs last.
 *
 * Records keep order, key, value, headers and timestamps; batches keep their bytes but for the producer's fields. Every
 * response's base offset is checked. Killed at any instruction, the same plan continues with `resume` and nothing is lost or doubled.
 *
 * @throws KOPS_REFUSED when the plan must not be executed, target topics have records of another origin, or the state is of another plan;
 *   KOPS_OFFSET_MISMATCH when records landed elsewhere than computed (the topic must be deleted then);
 *   KOPS_INTERRUPTED, and the errors of KafkaClient and Archive.
 */
export function executeRestore(_options: ExecuteOptions): Promise<RestoreResult> {
  throw new KopsError('KOPS_UNEXPECTED', 'being written');
}
