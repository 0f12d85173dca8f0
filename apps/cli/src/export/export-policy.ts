import {
  compilePolicy,
  parseRecordRules,
  type RecordLevel,
  type RecordPolicy,
  type RecordRule,
} from '@kops/catalog';
import { KopsError, matchesGlob } from '@kops/core';

/** What is asked for in place of what the rule says. */
export interface ExportLimits {
  readonly level?: RecordLevel | undefined;
  /** Bytes of a value's text at most. */
  readonly maxValueBytes?: number | undefined;
}

/**
 * What is exported of a topic: what its rule says, at another level or with another cap if one is asked for; where no rule is for the
 * topic all of it, and values are not cut.
 * @throws KOPS_REFUSED when a rule keeps the topic out and no level is asked for
 */
export function exportPolicy(
  topic: string,
  rules: readonly RecordRule[],
  { level, maxValueBytes }: ExportLimits,
): RecordPolicy {
  const rule = rules.find(({ topics }) => matchesGlob(topics, topic));
  if (rule?.level === 'none' && level === undefined) {
    throw new KopsError('KOPS_REFUSED', `catalog.records excludes topic '${topic}'`, {
      at: { topic },
      hint: 'Use --level to export it anyway, or remove it from --topics.',
    });
  }
  const base = rule ?? everything();
  return compilePolicy([
    {
      ...base,
      topics: '*',
      level: level ?? base.level,
      maxValueBytes: maxValueBytes ?? base.maxValueBytes,
    },
  ])(topic);
}

function everything(): RecordRule {
  const [rule] = parseRecordRules([{ topics: '*', level: 'full' }], { hasHashKey: false });
  if (rule === undefined) throw new KopsError('KOPS_UNEXPECTED', 'a rule without a policy');
  return { ...rule, maxValueBytes: Number.MAX_SAFE_INTEGER };
}
