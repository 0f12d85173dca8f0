import type { Manifest } from '@kops/archive-format';
import { KopsError } from '@kops/core';
import type { RestoreTarget } from './execute-options.ts';
import type { RestoreOptions, TargetFacts } from './plan.ts';

/**
 * Gathers what a plan has to know about the target cluster; changes nothing there.
 * @throws the errors of KafkaClient; KOPS_TOPIC_NOT_FOUND and KOPS_USAGE as planRestore.
 */
export function inspectTarget(_kafka: RestoreTarget, _manifest: Manifest, _options: RestoreOptions = {}): Promise<TargetFacts> {
  throw new KopsError('KOPS_UNEXPECTED', 'being written');
}
