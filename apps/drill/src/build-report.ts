import { describeLoss } from '@kops/archive-format';
import type { RestorePlan, RestoreResult } from '@kops/restore';
import type { Difference } from '@kops/verify';
import type { Comparison } from './compare-restored.ts';
import type { DrillOptions } from './drill-options.ts';
import type {
  DrilledTopic,
  DrillReport,
  ObjectiveResult,
  SandboxReport,
  SelfTestCase,
} from './drill-report.ts';

/** What a drill measured and found. */
export interface DrillFacts {
  readonly sandbox: SandboxReport;
  readonly plan: RestorePlan;
  readonly result: RestoreResult;
  readonly comparison: Comparison;
  readonly selfTest: readonly SelfTestCase[] | null;
  /** Start of the drill, ms since the epoch. */
  readonly startedAt: number;
  readonly sandboxMs: number;
  readonly restoreMs: number;
  readonly compareMs: number;
  readonly selfTestMs: number;
  readonly totalMs: number;
}

/** Differences that a report lists; all are counted. */
const maxDifferences = 1_000;

/** Puts the report together. */
export function buildReport(options: DrillOptions, facts: DrillFacts): DrillReport {
  const { manifest, ref, repository } = options.archive;
  const { comparison, plan, selfTest } = facts;
  const { partitions, groups, configs } = comparison;
  const records = partitions.reduce((sum, { sourceRecords }) => sum + sourceRecords, 0);
  const differences = collect(facts, records);
  const errors = countErrors(facts, records);
  const losses = lossesOf(options, facts);
  const rtoMs = Math.round(facts.restoreMs);
  const rpoMs = facts.startedAt - Date.parse(manifest.startedAt);
  const objectives = measureObjectives(options, { rtoMs, rpoMs });
  return {
    archive: ref.archive,
    cluster: manifest.cluster.id,
    repository: repository.store.url,
    status: statusOf(errors, losses, objectives),
    sandbox: facts.sandbox,
    startedAt: new Date(facts.startedAt).toISOString(),
    topics: plan.topics.map(({ source, target }) => describeTopic(source, target, comparison)),
    records,
    equalRecords: partitions.reduce((sum, { equalRecords }) => sum + equalRecords, 0),
    groups: plan.groups.length,
    groupOffsets: groups.offsets,
    configs: configs.reduce((sum, topic) => sum + topic.configs, 0),
    errors,
    differences: differences.slice(0, maxDifferences),
    losses,
    notRestorable: notRestorable(facts),
    isEmpty: records === 0,
    rtoMs,
    rpoMs,
    newestRecordAgeMs: newestAge(facts),
    objectives,
    selfTest,
    durations: {
      sandboxMs: Math.round(facts.sandboxMs),
      restoreMs: Math.round(facts.restoreMs),
      compareMs: Math.round(facts.compareMs),
      selfTestMs: Math.round(facts.selfTestMs),
      totalMs: Math.round(facts.totalMs),
    },
  };
}

function statusOf(
  errors: number,
  losses: readonly string[],
  objectives: readonly ObjectiveResult[],
): DrillReport['status'] {
  if (errors > 0) return 'differs';
  if (losses.length > 0) return 'incomplete';
  return objectives.every(({ isMet }) => isMet) ? 'ok' : 'objective-missed';
}

const isError = ({ severity }: Difference): boolean => severity === 'error';

function collect(facts: DrillFacts, records: number): Difference[] {
  const { partitions, groups, configs } = facts.comparison;
  return [
    ...(records === 0 ? [nothingCompared] : []),
    ...failedCases(facts),
    ...partitions.flatMap(({ differences }) => differences),
    ...groups.differences,
    ...configs.flatMap(({ differences }) => differences.filter(isError)),
  ];
}

function countErrors(facts: DrillFacts, records: number): number {
  const { partitions, groups, configs } = facts.comparison;
  return (
    (records === 0 ? 1 : 0) +
    failedCases(facts).length +
    partitions.reduce((sum, { differingRecords }) => sum + differingRecords, 0) +
    groups.differences.length +
    configs.reduce((sum, { differences }) => sum + differences.filter(isError).length, 0)
  );
}

const general = {
  severity: 'error',
  kind: 'unreadable',
  source: null,
  target: null,
  group: null,
  fields: [],
  count: 1,
} as const;

/** A drill that compared nothing must not look like a good one. */
const nothingCompared: Difference = {
  ...general,
  message: 'nothing was compared: the archive has no records of the selected topics',
};

function failedCases({ selfTest }: DrillFacts): Difference[] {
  return (selfTest ?? [])
    .filter(({ passed }) => !passed)
    .map(({ name, said }) => ({
      ...general,
      message: `self-test '${name}' failed: the comparison reported ${said.length === 0 ? 'no difference' : said.join('; ')}`,
    }));
}

function lossesOf({ archive }: DrillOptions, { plan, result }: DrillFacts): string[] {
  const chosen = new Set(plan.topics.map(({ source }) => source));
  const lost = archive.manifest.topics
    .filter(({ name }) => chosen.has(name))
    .flatMap(({ name, partitions }) =>
      partitions.flatMap(({ partition, losses }) =>
        losses.map((loss) => `${name}-${partition}: ${describeLoss(loss)}`),
      ),
    );
  return [...lost, ...result.incomplete];
}

function notRestorable({ plan, comparison }: DrillFacts): string[] {
  const types = comparison.partitions.filter(
    ({ timestampTypesNotKept }) => timestampTypesNotKept > 0,
  );
  return [
    ...plan.cannotRestore,
    ...types.map(
      ({ source, timestampTypesNotKept }) =>
        `${source.topic}-${source.partition}: ${timestampTypesNotKept} records of a LogAppendTime topic keep their timestamp, but as CreateTime`,
    ),
    ...comparison.configs.flatMap(({ topic, differences }) =>
      differences
        .filter((difference) => !isError(difference))
        .map(({ message }) => `${topic}: ${message}`),
    ),
  ];
}

function describeTopic(source: string, target: string, comparison: Comparison): DrilledTopic {
  const configs = comparison.configs.find(({ topic }) => topic === source)?.configs ?? 0;
  const partitions = comparison.partitions
    .filter((partition) => partition.source.topic === source)
    .map(({ source: { partition }, target: _target, differences: _differences, ...counts }) => ({
      partition,
      ...counts,
    }));
  return { source, target, partitions, configs };
}

function newestAge({ comparison, startedAt }: DrillFacts): number | null {
  let newest: bigint | null = null;
  for (const { maxTimestamp } of comparison.partitions)
    if (maxTimestamp !== null && (newest === null || maxTimestamp > newest)) newest = maxTimestamp;
  return newest === null || newest < 0n ? null : startedAt - Number(newest);
}

function measureObjectives(
  { objectives }: DrillOptions,
  { rtoMs, rpoMs }: { rtoMs: number; rpoMs: number },
): ObjectiveResult[] {
  const measure = (name: 'rpo' | 'rto', wanted: number | undefined, measuredMs: number) =>
    wanted === undefined
      ? []
      : [{ name, objectiveMs: wanted, measuredMs, isMet: measuredMs <= wanted }];
  return [...measure('rpo', objectives?.rpoMs, rpoMs), ...measure('rto', objectives?.rtoMs, rtoMs)];
}
