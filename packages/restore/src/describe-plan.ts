import { KopsError } from '@kops/core';
import type { RestorePlan } from './plan.ts';

/** The plan as lines of text, for people. */
export function describePlan(_plan: RestorePlan): string[] {
  throw new KopsError('KOPS_UNEXPECTED', 'being written');
}
