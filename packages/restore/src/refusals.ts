import { counted, KopsError } from '@kops/core';
import type { RestorePlan } from './plan.ts';

/**
 * Throws unless a plan may be executed: the first of its refusals, with the others as its cause.
 * @throws KOPS_REFUSED, KOPS_CONFIG or KOPS_USAGE as the plan's refusals say.
 */
export function assertExecutable(plan: RestorePlan): void {
  const [first, ...others] = plan.refusals;
  if (first === undefined) return;
  const more = others.length === 0 ? '' : ` (and ${counted(others.length, 'more reason')})`;
  throw new KopsError(first.code, first.message + more, {
    at: { archive: plan.archive, ...first.at },
    hint: first.hint,
    ...(others.length === 0
      ? {}
      : {
          cause: new AggregateError(
            others.map((refusal) => new KopsError(refusal.code, refusal.message, refusal)),
          ),
        }),
  });
}
