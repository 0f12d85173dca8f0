import type { Manifest } from '@kops/archive-format';
import { KopsError } from '@kops/core';
import type { RestoreOptions, RestorePlan, TargetFacts } from './plan.ts';

/**
 * Computes what a restore will do. Pure: the same arguments give the same plan.
 *
 * What forbids its execution stands in `refusals` ({@link assertExecutable} throws it), so that a dry run shows it all.
 *
 * @throws KOPS_TOPIC_NOT_FOUND for a topic the archive lacks; KOPS_USAGE for options that contradict each other.
 */
export function planRestore(_manifest: Manifest, _target: TargetFacts, _options: RestoreOptions = {}): RestorePlan {
  throw new KopsError('KOPS_UNEXPECTED', 'being written');
}
