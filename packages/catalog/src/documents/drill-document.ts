import { counted } from '@kops/core';
import {
  defined,
  eventSpan,
  firstOf,
  parseTime,
  type CatalogDocument,
} from './catalog-document.ts';
import { documentId } from './record-id.ts';

/** A difference without its message, which shows what records hold: no mask has seen that. */
export interface DrillDifference {
  readonly kind: string;
  readonly source: {
    readonly topic: string;
    readonly partition: number;
    readonly offset?: bigint | null;
  } | null;
  readonly group: string | null;
  readonly fields: readonly string[];
  readonly count: number;
}

/** What the catalog takes of a drill's report; the report itself fits. */
export interface DrilledArchive {
  readonly archive: string;
  readonly cluster: string;
  readonly repository: string;
  readonly status: 'ok' | 'differs' | 'incomplete' | 'objective-missed';
  readonly sandbox: { readonly kind: string };
  readonly startedAt: string;
  readonly topics: readonly {
    readonly source: string;
    readonly partitions: readonly unknown[];
  }[];
  readonly records: number;
  readonly equalRecords: number;
  readonly groups: number;
  readonly groupOffsets: number;
  readonly configs: number;
  readonly errors: number;
  readonly differences: readonly DrillDifference[];
  readonly losses: readonly string[];
  readonly notRestorable: readonly string[];
  readonly isEmpty: boolean;
  readonly rtoMs: number;
  readonly rpoMs: number;
  readonly newestRecordAgeMs: number | null;
  readonly objectives: readonly {
    readonly name: 'rpo' | 'rto';
    readonly objectiveMs: number;
    readonly isMet: boolean;
  }[];
  readonly selfTest: readonly { readonly passed: boolean }[] | null;
  readonly durations: {
    readonly sandboxMs: number;
    readonly restoreMs: number;
    readonly compareMs: number;
    readonly selfTestMs: number;
    readonly totalMs: number;
  };
}

const listedTopics = 1000;
const listedTexts = 100;
const textCharacters = 2000;

function texts(items: readonly string[]): readonly string[] | undefined {
  return firstOf(items, listedTexts)?.map((item) => item.slice(0, textCharacters).toWellFormed());
}

/** The document of a drill, from its report. */
export function drillDocument(report: DrilledArchive): CatalogDocument {
  const start = parseTime(report.startedAt);
  const end =
    start === undefined
      ? undefined
      : new Date(Date.parse(start) + Math.round(report.durations.totalMs)).toISOString();
  return {
    kind: 'drills',
    id: documentId('drill', report.repository, report.archive, report.startedAt),
    fields: defined({
      '@timestamp': start,
      event: {
        ...eventSpan(report.startedAt, end),
        outcome: report.status === 'ok' ? 'success' : 'failure',
      },
      kops: {
        archive: report.archive,
        cluster: report.cluster,
        repository: report.repository,
        drill: drillFields(report),
      },
    }),
  };
}

/** `diverged orders-3 offset 42: value, 1 record`. */
function describeDifference({ kind, source, group, fields, count }: DrillDifference): string {
  const place = source === null ? '' : ` ${source.topic}-${String(source.partition)}`;
  const at = source?.offset ?? null;
  const offset = at === null ? '' : ` offset ${String(at)}`;
  const who = group === null ? '' : ` group ${group}`;
  const what = [...fields, counted(count, 'record')].join(', ');
  return `${kind}${place}${offset}${who}: ${what}`;
}

const whole = (ms: number | null): number | undefined => (ms === null ? undefined : Math.round(ms));

function drillFields(report: DrilledArchive): Record<string, unknown> {
  const { durations, selfTest, objectives } = report;
  const objective = (name: 'rpo' | 'rto') => objectives.find((one) => one.name === name);
  return defined({
    status: report.status,
    sandbox: report.sandbox.kind,
    topics: firstOf(
      report.topics.map(({ source }) => source),
      listedTopics,
    ),
    topic_count: report.topics.length,
    partition_count: report.topics.reduce((count, topic) => count + topic.partitions.length, 0),
    records: report.records,
    equal_records: report.equalRecords,
    groups: report.groups,
    group_offsets: report.groupOffsets,
    configs: report.configs,
    errors: report.errors,
    empty: report.isEmpty,
    rpo_ms: whole(report.rpoMs),
    rto_ms: whole(report.rtoMs),
    newest_record_age_ms: whole(report.newestRecordAgeMs),
    rpo_objective_ms: objective('rpo')?.objectiveMs,
    rto_objective_ms: objective('rto')?.objectiveMs,
    rpo_met: objective('rpo')?.isMet,
    rto_met: objective('rto')?.isMet,
    self_tests: selfTest?.length,
    self_tests_passed: selfTest?.filter(({ passed }) => passed).length,
    sandbox_ms: whole(durations.sandboxMs),
    restore_ms: whole(durations.restoreMs),
    compare_ms: whole(durations.compareMs),
    self_test_ms: whole(durations.selfTestMs),
    differences: texts(report.differences.map(describeDifference)),
    losses: texts(report.losses),
    not_restorable: texts(report.notRestorable),
  });
}
