import { wholeCluster } from '@kops/archive-format';
import type { Manifest, SegmentEntry } from '@kops/archive-format';
import {
  archiveDocument,
  compilePolicy,
  createHasher,
  documentRecords,
  drillDocument,
  eventDocument,
  parseRecordRules,
  segmentDocument,
  type Catalog,
  type CatalogDocument,
  type CatalogEvent,
  type DrilledArchive,
  type IndexKind,
  type RecordDocument,
} from '../src/index.ts';

/*
 * A month of a cluster's life, small and the same in every run: made by the catalog's own document functions.
 */

const day = 86_400_000;

/** The time that panels look at. */
export const period = { from: Date.UTC(2026, 2, 1), to: Date.UTC(2026, 2, 31), days: 30 };

const at = (days: number, minutes = 0): number => period.from + days * day + minutes * 60_000;
const iso = (ms: number): string => new Date(ms).toISOString();
const eachDay = Array.from({ length: period.days }, (_, index) => index);

const repository = 'file:///backup';
const hex = (digit: string): string => digit.repeat(32);
const archiveId = (n: number, cluster = 'c1'): string =>
  `202603${String(n + 1).padStart(2, '0')}t020000z-aaaaaa${cluster}`;

const topics = ['orders', 'payments', 'clicks', 'audit', 'sessions', 'invoices', 'shipments'];

function partition(
  records: bigint,
  losses: Manifest['topics'][number]['partitions'][number]['losses'],
) {
  return {
    partition: 0,
    lineage: { topicId: hex('a'), derivedTopicId: false, partition: 0, leaderEpochs: [] },
    logStart: 0n,
    highWatermark: records,
    lastStableOffset: records,
    cut: records,
    list: null,
    baseline: true,
    segments: 1,
    records: Number(records),
    plaintextBytes: Number(records) * 100,
    holes: { offsets: 0n },
    losses,
    openTransactions: [],
    watermarks: {},
  };
}

function manifest(n: number, cluster: string): Manifest {
  const started = at(n, 120);
  const isLossy = cluster === 'c1' && (n === 9 || n === 20);
  const losses = isLossy
    ? [{ from: 3n, to: BigInt(3 + n), reason: 'retention' as const, detail: 'gone' }]
    : [];
  return {
    version: 1,
    archive: archiveId(n, cluster),
    series: archiveId(0, cluster),
    kind: n % 7 === 0 ? 'snapshot' : 'generation',
    generation: n,
    parent: null,
    cluster: { id: cluster, brokers: [] },
    kopsVersion: '0.1.0',
    startedAt: iso(started),
    endedAt: iso(started + (60 + 2 * n + (n % 7 === 0 ? 240 : 0)) * 1000),
    isolation: 'read_committed',
    copies: [repository],
    topics: topics.map((name, index) => ({
      name,
      topicId: hex('a'),
      derivedTopicId: false,
      internal: false,
      partitionCount: 1,
      replicationFactor: 1,
      configs: [],
      partitions: [partition(BigInt((index + 1) * 100), index === 0 ? losses : [])],
    })),
    groups: [],
    selection: wholeCluster,
    deletedSinceParent: [],
    signature: null,
  };
}

function segment(n: number, index: number): CatalogDocument {
  const records = 100 * (index + 1) + 10 * (n % 5);
  const entry: SegmentEntry = {
    key: `segments/c1/${topics[index] ?? ''}/0/t/${String(n)}.log`,
    slice: { start: BigInt(n * 1000), end: BigInt(n * 1000 + records) },
    baseOffset: BigInt(n * 1000),
    lastOffset: BigInt(n * 1000 + records - 1),
    leaderEpochs: [{ epoch: 0, startOffset: 0n }],
    records,
    batches: 2,
    controlBatches: 0,
    maxTimestamp: BigInt(at(n, 110)),
    minTimestamp: BigInt(at(n, 1)),
    codecs: ['zstd'],
    transactional: false,
    plaintextBytes: records * 1000,
    plaintextSha256: 'a'.repeat(64),
    storedBytes: records * 400,
    storedSha256: 'b'.repeat(64),
    index: [],
  };
  return segmentDocument(entry, {
    cluster: 'c1',
    topicId: hex(String(index)),
    topic: topics[index] ?? '',
    partition: 0,
    archive: archiveId(n),
    repository,
  });
}

function drill(n: number): CatalogDocument {
  const status = n === 12 ? 'objective-missed' : n === 21 ? 'differs' : 'ok';
  const rtoMs = n === 12 ? 1_100_000 : 400_000 + n * 10_000;
  const report: DrilledArchive = {
    archive: archiveId(n),
    cluster: 'c1',
    repository,
    status,
    sandbox: { kind: 'jvm' },
    startedAt: iso(at(n, 300)),
    topics: topics.map((source) => ({ source, partitions: [{}] })),
    records: 2800,
    equalRecords: status === 'differs' ? 2797 : 2800,
    groups: 1,
    groupOffsets: 2,
    configs: 3,
    errors: status === 'differs' ? 3 : 0,
    differences:
      status === 'differs'
        ? [
            {
              kind: 'diverged',
              source: { topic: 'orders', partition: 0, offset: 42n },
              group: null,
              fields: ['value'],
              count: 3,
            },
          ]
        : [],
    losses: [],
    notRestorable: [],
    isEmpty: false,
    rtoMs,
    rpoMs: 3_600_000 + (n % 4) * 1_200_000,
    newestRecordAgeMs: 600_000,
    objectives: [
      { name: 'rpo', objectiveMs: 10_800_000, isMet: true },
      { name: 'rto', objectiveMs: 900_000, isMet: rtoMs <= 900_000 },
    ],
    selfTest: null,
    durations: {
      sandboxMs: 9000,
      restoreMs: rtoMs,
      compareMs: 120_000 + n * 1000,
      selfTestMs: 0,
      totalMs: rtoMs + 129_000 + n * 1000,
    },
  };
  return drillDocument(report);
}

function event(n: number, of: Partial<CatalogEvent> & { action: string }): CatalogDocument {
  const started = at(n, 120 + of.action.length);
  return eventDocument({
    id: `${of.action}-${String(n)}`,
    outcome: 'success',
    startedAt: iso(started),
    endedAt: iso(started + (30 + n) * 1000),
    user: 'backup',
    host: 'archiver-1',
    exitCode: 0,
    message: `${of.action} ended`,
    repository,
    ...of,
  });
}

const failure = (code: string, exitCode: number) =>
  ({ outcome: 'failure', exitCode, error: { code, message: 'failed' } }) as const;

function events(n: number): CatalogDocument[] {
  const lost = n === 9 || n === 20 ? failure('KOPS_INCOMPLETE', 21) : {};
  const unreachable = n === 15 ? failure('KOPS_KAFKA_UNREACHABLE', 30) : {};
  return [
    event(n, { action: 'backup', ...lost, ...unreachable }),
    ...(n % 3 === 0
      ? [
          event(n, {
            action: 'drill',
            user: 'ops',
            ...(n === 12 ? failure('KOPS_OBJECTIVE_MISSED', 22) : {}),
            ...(n === 21 ? failure('KOPS_COMPARISON_FAILED', 20) : {}),
          }),
        ]
      : []),
    ...(n % 5 === 0 ? [event(n, { action: 'search', user: 'support' })] : []),
    ...(n === 16 ? [event(n, { action: 'restore', user: 'ops' })] : []),
  ];
}

const rules = parseRecordRules(
  [
    { topics: 'orders', level: 'full', masks: [{ field: 'value.card', action: 'redact' }] },
    { topics: 'clicks', level: 'full' },
    { topics: 'payments', level: 'keys' },
    { topics: '*', level: 'metadata' },
  ],
  { hasHashKey: false },
);

/** Value of record `n`: JSON, text, binary and none in turn. */
function valueOf(topic: string, n: number): Buffer | null {
  if (n % 11 === 10) return null;
  if (topic === 'orders')
    return Buffer.from(JSON.stringify({ order: n, state: 'open', card: '4111' }));
  return n % 3 === 0 ? Buffer.from([0xff, n % 256, 0x00]) : Buffer.from(`click ${String(n)}`);
}

function records(topic: string, index: number): RecordDocument[] {
  const document = documentRecords(
    {
      cluster: 'c1',
      topicId: hex(String(index)),
      topic,
      partition: 0,
      archive: archiveId(29),
      segment: `segments/c1/${topic}/0/t/0.log`,
    },
    compilePolicy(rules)(topic),
    createHasher(undefined),
  );
  return Array.from({ length: 90 - 10 * index }, (_, n) =>
    document({
      offset: BigInt(n),
      timestamp: BigInt(at((n * 7 + index) % period.days, n)),
      key: Buffer.from(`key-${String(n % 20)}`),
      value: valueOf(topic, n),
      headers: [],
    }),
  ).filter((made) => made !== undefined);
}

const catalogDocuments: readonly CatalogDocument[] = [
  ...eachDay.map((n) => archiveDocument(manifest(n, 'c1'), repository)),
  ...eachDay.filter((n) => n % 3 === 0).map((n) => archiveDocument(manifest(n, 'c2'), repository)),
  ...eachDay.flatMap((n) => topics.map((_, index) => segment(n, index))),
  ...eachDay.filter((n) => n % 3 === 0).map(drill),
  ...eachDay.flatMap(events),
];

const recordDocuments = topics.map((topic, index) => ({ topic, documents: records(topic, index) }));

type Fields = Readonly<Record<string, unknown>>;

/** What the server has of a kind, as JSON has it. */
export function sampleOf(kind: IndexKind): Fields[] {
  const made =
    kind === 'records'
      ? recordDocuments.flatMap(({ documents }) => documents)
      : catalogDocuments.filter((document) => document.kind === kind);
  return made.map(({ fields }) => JSON.parse(JSON.stringify(fields)) as Fields);
}

/** Puts the sample into a catalog. */
export async function writeSample(catalog: Catalog): Promise<void> {
  await catalog.setup();
  await catalog.put(catalogDocuments);
  await using writer = catalog.openBulk({
    onRejected: ({ reason }) => {
      throw new Error(reason);
    },
  });
  for (const { topic, documents } of recordDocuments) {
    const { index } = await catalog.recordTarget(topic);
    for (const { id, fields } of documents)
      await writer.add({ index, id, json: JSON.stringify(fields) });
  }
  await writer.flush();
  await catalog.refresh();
}
