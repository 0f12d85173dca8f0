import {
  compilePolicy,
  parseRecordRules,
  type RecordLevel,
  type RecordPolicy,
  type RecordRule,
} from '@kops/catalog';
import { KopsError, matchesGlob } from '@kops/core';

/**
 * What is exported of a topic: what its rule says, at another level if one is asked for; all where no rule is for the topic.
 * @throws KOPS_REFUSED when a rule keeps the topic out and no level is asked for
 */
export function exportPolicy(
  topic: string,
  rules: readonly RecordRule[],
  level: RecordLevel | undefined,
): RecordPolicy {
  const rule = rules.find(({ topics }) => matchesGlob(topics, topic));
  if (rule?.level === 'none' && level === undefined) {
    throw new KopsError('KOPS_REFUSED', `catalog.records keeps topic '${topic}' out`, {
      at: { topic },
      hint: 'Give --level to export it all the same, or leave it out of --topic.',
    });
  }
  const [everything] = parseRecordRules([{ topics: '*', level: 'full' }], { hasHashKey: false });
  const base = rule ?? everything;
  if (base === undefined) throw new KopsError('KOPS_UNEXPECTED', 'a rule without a policy');
  return compilePolicy([{ ...base, topics: '*', level: level ?? base.level }])(topic);
}
