import { wholeCluster } from '@kops/archive-format';
import type { Manifest, SegmentEntry } from '@kops/archive-format';
import { describe, expect, it } from 'vitest';
import { asSent, type SentDocument } from '../../test/sent-document.ts';
import { checkDocument } from '../indices/check-document.ts';
import { indexDefinitions } from '../indices/index-definitions.ts';
import { archiveDocument, segmentDocument } from './archive-document.ts';
import type { CatalogDocument } from './catalog-document.ts';
import { drillDocument, type DrilledArchive } from './drill-document.ts';
import { eventDocument } from './event-document.ts';

/** Checked against its mapping, as the server would get it. */
function sent(document: CatalogDocument): SentDocument {
  const fields = asSent(document.fields);
  expect(checkDocument(indexDefinitions[document.kind].mappings, fields)).toEqual([]);
  return fields;
}

const hex = '0'.repeat(32);
const lineage = { topicId: hex, derivedTopicId: false, partition: 0, leaderEpochs: [] };
const partition = (of: Partial<Manifest['topics'][number]['partitions'][number]>) => ({
  partition: 0,
  lineage,
  logStart: 0n,
  highWatermark: 10n,
  lastStableOffset: 10n,
  cut: 10n,
  list: null,
  baseline: true,
  segments: 2,
  records: 8,
  plaintextBytes: 100,
  holes: { offsets: 1n },
  losses: [],
  openTransactions: [],
  watermarks: {},
  ...of,
});
const topic = (name: string, ...partitions: ReturnType<typeof partition>[]) => ({
  name,
  topicId: hex,
  derivedTopicId: false,
  internal: false,
  partitionCount: partitions.length,
  replicationFactor: 1,
  configs: [],
  partitions,
});
const manifest: Manifest = {
  version: 1,
  archive: '20260131t235959z-k3v9q2xa',
  series: '20260131t235959z-k3v9q2xa',
  kind: 'snapshot',
  generation: 0,
  parent: null,
  cluster: { id: 'c1', brokers: [] },
  kopsVersion: '0.1.0',
  startedAt: '2026-01-31T23:59:59.000Z',
  endedAt: '2026-02-01T00:00:01.500Z',
  isolation: 'read_committed',
  copies: ['file:///backup'],
  topics: [
    topic(
      'orders',
      partition({}),
      partition({ losses: [{ from: 3n, to: 7n, reason: 'retention', detail: 'gone' }] }),
    ),
    topic('payments', partition({ baseline: false })),
  ],
  groups: [],
  selection: wholeCluster,
  deletedSinceParent: [],
  signature: null,
};

describe('archiveDocument', () => {
  it('counts what the manifest says', () => {
    const fields = sent(archiveDocument(manifest, 'file:///backup'));
    expect(fields).toMatchObject({
      '@timestamp': manifest.endedAt,
      event: { start: manifest.startedAt, end: manifest.endedAt, duration: 2_500_000_000 },
      kops: {
        archive: manifest.archive,
        topics: ['orders', 'payments'],
        topic_count: 2,
        partition_count: 3,
        baseline_count: 2,
        segment_count: 6,
        record_count: 24,
        bytes: 300,
        hole_offsets: 3,
        complete: false,
        loss_count: 1,
        lost_offsets: 4,
        loss_reasons: ['retention'],
      },
    });
    expect(fields.kops).not.toHaveProperty('parent');
  });

  it('does not count what the manifest does not know', () => {
    const unknown = {
      ...manifest,
      topics: [topic('orders', partition({ records: null, holes: null }), partition({}))],
    };
    const { kops } = sent(archiveDocument(unknown, 'file:///backup'));
    expect(kops).not.toHaveProperty('record_count');
    expect(kops).not.toHaveProperty('hole_offsets');
    expect(kops).toMatchObject({ complete: true, loss_count: 0 });
  });

  it('has an id per archive and repository', () => {
    const ids = [
      archiveDocument(manifest, 'a').id,
      archiveDocument(manifest, 'b').id,
      archiveDocument(manifest, 'a').id,
    ];
    expect([new Set(ids).size, ids[0] === ids[2]]).toEqual([2, true]);
  });
});

describe('segmentDocument', () => {
  const entry: SegmentEntry = {
    key: 'segments/c1/x/0/t/00000000000000000000.log',
    slice: { start: 2n, end: 2n ** 62n },
    baseOffset: 0n,
    lastOffset: 2n ** 62n,
    leaderEpochs: [{ epoch: 0, startOffset: 0n }],
    records: null,
    batches: 2,
    controlBatches: 1,
    maxTimestamp: -1n,
    minTimestamp: null,
    codecs: ['zstd'],
    transactional: false,
    plaintextBytes: 100,
    plaintextSha256: 'a'.repeat(64),
    storedBytes: 60,
    storedSha256: 'b'.repeat(64),
    index: [],
  };
  const source = {
    cluster: 'c1',
    topicId: hex,
    topic: 'orders',
    partition: 0,
    archive: manifest.archive,
    repository: 'file:///backup',
  };

  it('is what the list entry says, with all digits of offsets', () => {
    const document = segmentDocument(entry, source);
    expect(JSON.stringify(document.fields)).toContain(
      '"slice":{"start":2,"end":4611686018427387904}',
    );
    const fields = sent(
      segmentDocument(
        {
          ...entry,
          slice: { start: 2n, end: 9n },
          lastOffset: 9n,
          maxTimestamp: 1000n,
          records: 5,
        },
        source,
      ),
    );
    expect(fields).toMatchObject({
      '@timestamp': '1970-01-01T00:00:01.000Z',
      kafka: { topic: 'orders' },
      kops: { record_count: 5, codecs: ['zstd'] },
    });
    expect(document.fields).not.toHaveProperty('@timestamp');
  });
});

describe('drillDocument', () => {
  // As drills report them: with a preview of the record.
  const difference = {
    kind: 'diverged',
    source: { topic: 'orders', partition: 1, offset: 42n },
    group: null,
    fields: ['value'],
    count: 1,
    message: 'canary of a value',
  };
  const report: DrilledArchive = {
    archive: manifest.archive,
    cluster: 'c1',
    repository: 'file:///backup',
    status: 'objective-missed',
    sandbox: { kind: 'jvm' },
    startedAt: '2026-02-01T00:00:00.000Z',
    topics: [{ source: 'orders', partitions: [{}, {}] }],
    records: 10,
    equalRecords: 9,
    groups: 1,
    groupOffsets: 2,
    configs: 3,
    errors: 1,
    differences: [difference],
    losses: [],
    notRestorable: ['acls'],
    isEmpty: false,
    rtoMs: 1234.6,
    rpoMs: 99,
    newestRecordAgeMs: null,
    objectives: [{ name: 'rto', objectiveMs: 1000, isMet: false }],
    selfTest: [{ passed: true }, { passed: false }],
    durations: { sandboxMs: 1, restoreMs: 2.5, compareMs: 3, selfTestMs: 4, totalMs: 10_000 },
  };

  it('says how it ended, and what was measured against which objective', () => {
    const fields = sent(drillDocument(report));
    expect(fields).toMatchObject({
      event: { outcome: 'failure', end: '2026-02-01T00:00:10.000Z', duration: 10_000_000_000 },
      kops: {
        drill: {
          status: 'objective-missed',
          partition_count: 2,
          rto_ms: 1235,
          rto_objective_ms: 1000,
          rto_met: false,
          self_tests: 2,
          self_tests_passed: 1,
          differences: ['diverged orders-1 offset 42: value, 1 record'],
        },
      },
    });
    expect(JSON.stringify(fields)).not.toContain('canary');
    expect(fields.kops.drill).not.toHaveProperty('rpo_met');
    expect(sent(drillDocument({ ...report, status: 'ok', selfTest: null })).event.outcome).toBe(
      'success',
    );
  });
});

describe('eventDocument', () => {
  it('says who did what, when, with which result', () => {
    const fields = sent(
      eventDocument({
        id: 'e-1',
        action: 'backup',
        outcome: 'failure',
        startedAt: '2026-02-01T00:00:00.000Z',
        user: 'ops',
        host: 'h1',
        exitCode: 21,
        error: { code: 'KOPS_INCOMPLETE', message: 'lost' },
        archive: manifest.archive,
        details: { offset: 3n, topics: ['orders'], nested: { a: undefined } },
      }),
    );
    expect(fields).toMatchObject({
      event: {
        id: 'e-1',
        kind: 'event',
        type: 'change',
        action: 'backup',
        outcome: 'failure',
        reason: 'KOPS_INCOMPLETE',
      },
      user: { name: 'ops' },
      process: { exit_code: 21 },
      kops: { details: { offset: '3', topics: ['orders'] } },
    });
    const least = { id: 'e', action: 'verify', outcome: 'success', startedAt: 'never' } as const;
    expect(sent(eventDocument(least))).toEqual({
      event: {
        id: 'e',
        kind: 'event',
        category: 'database',
        type: 'access',
        action: 'verify',
        outcome: 'success',
      },
      kops: {},
    });
  });
});
