import { createHash } from 'node:crypto';
import { matchesGlob } from '@kops/core';
import { createHasher } from './keyed-hash.ts';
import type { RecordRule } from './record-policy.ts';

/** What stands for the rules of a topic of which nothing is indexed. */
const noRules = 'none';

/**
 * Makes the function that gives a topic's rules as a short text, `<level>/<hash of the rest>/<hash of the masks>`: the same for as
 * long as they make the same documents. `hashKey` is that of their hashes: another one makes other documents at every level, and other
 * masks where one hashes.
 */
export function fingerprintRules(
  rules: readonly RecordRule[],
  hashKey: string | undefined,
): (topic: string) => string {
  // Stands for the key, and tells nothing of it.
  const keyId = hashKey === undefined ? '' : createHasher(hashKey).hash('kops: which key');
  const known = rules.map((rule) => ({ topics: rule.topics, text: fingerprint(rule, keyId) }));
  return (topic) => known.find(({ topics }) => matchesGlob(topics, topic))?.text ?? noRules;
}

/** Whether two fingerprints are of rules with the same masks. */
export function haveSameMasks(a: string, b: string): boolean {
  return masksOf(a) === masksOf(b);
}

function fingerprint({ level, masks, maxValueBytes, pipeline }: RecordRule, keyId: string): string {
  if (level === 'none') return noRules;
  const bytes = level === 'full' ? maxValueBytes : 0;
  const rest = { maxValueBytes: bytes, pipeline: pipeline ?? '', keyId };
  const fields = masks.map(({ field, action }) =>
    action === 'hash' ? [field, action, keyId] : [field, action],
  );
  return [level, hash(rest), fields.length === 0 ? '' : hash(fields)].join('/');
}

function masksOf(text: string): string | undefined {
  return text.split('/')[2];
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value), 'utf8').digest('hex').slice(0, 16);
}
