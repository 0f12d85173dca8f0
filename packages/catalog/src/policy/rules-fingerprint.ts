import { createHash } from 'node:crypto';
import { matchesGlob } from '@kops/core';
import type { RecordRule } from './record-policy.ts';

/** What stands for the rules of a topic of which nothing is indexed. */
const noRules = 'none';

/**
 * Makes the function that gives a topic's rules as a short text, `<level>/<hash of the rest>/<hash of the masks>`: the same for as
 * long as they make the same documents. Keys of hashes are not in it.
 */
export function fingerprintRules(rules: readonly RecordRule[]): (topic: string) => string {
  const known = rules.map((rule) => ({ topics: rule.topics, text: fingerprint(rule) }));
  return (topic) => known.find(({ topics }) => matchesGlob(topics, topic))?.text ?? noRules;
}

/** Whether two fingerprints are of rules with the same masks. */
export function haveSameMasks(a: string, b: string): boolean {
  return masksOf(a) === masksOf(b);
}

function fingerprint({ level, masks, maxValueBytes, pipeline }: RecordRule): string {
  if (level === 'none') return noRules;
  const limits = { maxValueBytes: level === 'full' ? maxValueBytes : 0, pipeline: pipeline ?? '' };
  const fields = masks.map(({ field, action }) => [field, action]);
  return [level, hash(limits), fields.length === 0 ? '' : hash(fields)].join('/');
}

function masksOf(text: string): string | undefined {
  return text.split('/')[2];
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value), 'utf8').digest('hex').slice(0, 16);
}
