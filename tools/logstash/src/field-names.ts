import {
  PipelineBranch,
  PipelinePlugin,
  type Pipeline,
  type PipelineStep,
  type PipelineValue,
} from './parse-pipeline.ts';

/** Fields of an event that a pipeline names. */
export interface FieldNames {
  /** Paths like `kafka.timestamp`; what Logstash keeps to itself begins with `@metadata`. */
  readonly named: ReadonlySet<string>;
  /** Fields at the top that the pipeline lets through; undefined where it lets all. */
  readonly kept: ReadonlySet<string> | undefined;
}

/** Settings whose texts are fields, or in whose texts fields stand as `%{[a][b]}`. */
const fieldSettings = ['rename', 'remove_field', 'copy', 'source', 'target', 'field'];

/** Collects the fields that a pipeline reads, writes, lifts, removes and lets through. */
export function fieldNames(pipeline: Pipeline): FieldNames {
  const named = new Set<string>();
  let kept: Set<string> | undefined;
  for (const step of allSteps([...pipeline.input, ...pipeline.filter, ...pipeline.output])) {
    if (step instanceof PipelineBranch) {
      for (const part of step.condition) if (/^\[.+\]/.test(part)) named.add(pathOf(part));
      continue;
    }
    if (step.name === 'prune')
      kept = new Set(texts(step.settings['whitelist_names']).map(plainName));
    for (const [key, value] of Object.entries(step.settings))
      for (const text of texts(value))
        for (const field of fieldsOf(key, text)) named.add(pathOf(field));
  }
  return { named, kept };
}

function fieldsOf(key: string, text: string): string[] {
  if (fieldSettings.includes(key)) return [text];
  return [...text.matchAll(/%\{([^}]+)\}/g)].map(([, field = '']) => field);
}

/** Steps with all that stands in branches. */
export function allSteps(steps: readonly PipelineStep[]): PipelineStep[] {
  return steps.flatMap((step) =>
    step instanceof PipelineBranch
      ? [step, ...allSteps([...step.then, ...step.otherwise])]
      : [step],
  );
}

/** Texts of a value; of a hash its keys too. */
function texts(value: PipelineValue | undefined): string[] {
  if (value === undefined || typeof value === 'number') return [];
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap((item: PipelineValue) => texts(item));
  if (value instanceof PipelinePlugin) return Object.values(value.settings).flatMap(texts);
  return Object.entries(value).flatMap(([key, item]) => [key, ...texts(item)]);
}

/** `[a][b]` as `a.b`. */
function pathOf(field: string): string {
  return field.replaceAll('][', '.').replaceAll(/^\[|\]$/g, '');
}

/** `^name$` as `name`; any other pattern may let more through than one field, and stays as it is. */
function plainName(pattern: string): string {
  return /^\^([\w@]+)\$$/.exec(pattern)?.[1] ?? pattern;
}
