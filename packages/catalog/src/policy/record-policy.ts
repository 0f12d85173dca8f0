import { KopsError, matchesGlob } from '@kops/core';
import { z } from 'zod';
import { groupMasks, problemOfField, type RecordMasks } from './mask-rule.ts';

/** How much of a topic's records is indexed; each level holds what those before it do. */
export const recordLevels = ['none', 'metadata', 'keys', 'full'] as const;

/**
 * `none`: nothing. `metadata`: coordinates, time, sizes, hash of the key. `keys`: the key and the names of headers.
 * `full`: value and headers.
 */
export type RecordLevel = (typeof recordLevels)[number];

const kibibyte = 1024;

/** The highlighter reads a million characters of a text at most. */
const largestValue = 960 * kibibyte;

const maskSchema = z.strictObject({
  field: z.string().superRefine((field, context) => {
    const expected = problemOfField(field);
    if (expected !== undefined) context.addIssue({ code: 'custom', message: expected });
  }),
  action: z.enum(['drop', 'hash', 'redact']),
});

const ruleSchema = z.strictObject({
  topics: z.string().min(1),
  level: z.enum(recordLevels),
  masks: z.array(maskSchema).max(1000).default([]),
  maxValueBytes: z
    .number()
    .int()
    .min(0)
    .max(largestValue)
    .default(64 * kibibyte),
  pipeline: z.string().min(1).max(255).optional(),
});

/** Schema of `catalog.records` in kops.yaml: rules, of which the first whose glob matches a topic counts. */
export const recordRulesSchema = z.array(ruleSchema).max(10_000);

/** One rule of `catalog.records`. */
export type RecordRule = z.output<typeof recordRulesSchema>[number];

/** What is indexed of the records of one topic. */
export interface RecordPolicy {
  readonly level: RecordLevel;
  readonly masks: RecordMasks;
  /** Bytes of a value that are indexed at most. */
  readonly maxValueBytes: number;
  /** Ingest pipeline that Elasticsearch sends the documents through. */
  readonly pipeline: string | undefined;
}

/**
 * Checks the rules of a configuration.
 * @throws KOPS_CONFIG with path, what was expected and what is there; when a mask hashes and no key is configured.
 */
export function parseRecordRules(input: unknown, options: { hasHashKey: boolean }): RecordRule[] {
  const result = recordRulesSchema.safeParse(input);
  if (!result.success) {
    const issue = result.error.issues[0];
    const path = ['catalog', 'records', ...(issue?.path ?? [])].join('.');
    throw new KopsError('KOPS_CONFIG', `${path}: ${describeIssue(issue)}`, {
      hint: 'Correct catalog.records. docs/CATALOG.md has examples.',
    });
  }
  const index = result.data.findIndex(({ masks }) => masks.some(({ action }) => action === 'hash'));
  if (index >= 0 && !options.hasHashKey) {
    throw new KopsError(
      'KOPS_CONFIG',
      `catalog.records.${index}: action: hash needs catalog.hashKey`,
      {
        hint: 'Set catalog.hashKey. Without a key, short values can be recovered from their hash by guessing.',
      },
    );
  }
  return result.data;
}

function describeIssue(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'custom') return `expected ${issue.message}`;
  return issue?.message ?? 'is wrong';
}

/** Makes the function that says what is indexed of a topic: by the first rule that matches, nothing without one. */
export function compilePolicy(rules: readonly RecordRule[]): (topic: string) => RecordPolicy {
  const compiled = rules.map((rule) => ({
    topics: rule.topics,
    policy: {
      level: rule.level,
      masks: groupMasks(rule.masks),
      maxValueBytes: rule.maxValueBytes,
      pipeline: rule.pipeline,
    },
  }));
  return (topic) => compiled.find(({ topics }) => matchesGlob(topics, topic))?.policy ?? nothing;
}

const nothing: RecordPolicy = {
  level: 'none',
  masks: groupMasks([]),
  maxValueBytes: 0,
  pipeline: undefined,
};
