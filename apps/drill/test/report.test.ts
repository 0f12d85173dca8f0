import { KopsError } from '@kops/core';
import type { Archive } from '@kops/repository';
import { describe, expect, it } from 'vitest';
import {
  describeDrillReport,
  drillExitCode,
  drillReportToJson,
  runDrill,
  type DrillReport,
} from '../src/index.ts';

const report: DrillReport = {
  archive: '20260131t235959z-00000000',
  cluster: 'cluster',
  repository: 'file:///backups',
  status: 'ok',
  sandbox: { kind: 'jvm', description: 'Kafka in a JVM', clusterId: 'other', brokers: 1 },
  startedAt: '2026-02-01T00:00:00.000Z',
  topics: [
    {
      source: 'orders',
      target: 'orders',
      configs: 1,
      partitions: [
        {
          partition: 0,
          strategy: 'mapped',
          sourceRecords: 1_000,
          targetRecords: 1_000,
          equalRecords: 1_000,
          bytes: 5,
          maxTimestamp: 1_700_000_000_000n,
          timestampTypesNotKept: 0,
          differingRecords: 0,
        },
      ],
    },
  ],
  records: 1_000,
  equalRecords: 1_000,
  groups: 1,
  groupOffsets: 2,
  configs: 1,
  errors: 0,
  differences: [],
  losses: [],
  notRestorable: ['leader epochs'],
  isEmpty: false,
  rtoMs: 90_000,
  rpoMs: 1_000,
  newestRecordAgeMs: 5,
  objectives: [],
  selfTest: null,
  durations: { sandboxMs: 1, restoreMs: 1, compareMs: 1, selfTestMs: 0, totalMs: 3 },
};

describe('a drill report', () => {
  it.each([
    ['ok', 0, 'ok: archive'],
    ['differs', 20, 'FAILED: archive'],
    ['incomplete', 21, 'INCOMPLETE: archive'],
    ['objective-missed', 22, 'OBJECTIVE MISSED: archive'],
  ] as const)('with the status %s exits with %i', (status, exit, headline) => {
    expect(drillExitCode({ ...report, status })).toBe(exit);
    expect(describeDrillReport({ ...report, status })[0]).toContain(headline);
  });

  it('tells what was compared, and what differs, up to the limit', () => {
    const text = describeDrillReport(report).join('\n');
    expect(text).toContain('1,000 of 1,000 records are equal');
    expect(text).toContain('offsets mapped in 1');
    expect(text).toContain('not restored: leader epochs');
    const difference = {
      severity: 'error' as const,
      kind: 'missing' as const,
      source: null,
      target: { topic: 'orders', partition: 0, offset: 7n },
      group: null,
      fields: [],
      count: 1,
      message: 'gone',
    };
    const lines = describeDrillReport({ ...report, differences: [difference, difference] }, 1);
    expect(lines.filter((line) => line.startsWith('differs:'))).toEqual([
      'differs: gone (target orders-0 at 7)',
    ]);
    expect(lines).toContain('… and 1 more differences');
  });

  it('is plain JSON with offsets as strings', () => {
    const json = JSON.parse(JSON.stringify(drillReportToJson(report))) as {
      topics: { partitions: { maxTimestamp: string }[] }[];
    };
    expect(json.topics[0]?.partitions[0]?.maxTimestamp).toBe('1700000000000');
  });
});

describe('a drill of nothing fails before a Kafka is started', () => {
  const partition = { logStart: 3n, cut: 3n, records: 0 };
  const manifest = {
    archive: '20260131t235959z-00000000',
    topics: [
      { name: 'empty', partitions: [partition] },
      { name: 'emptied', partitions: [{ logStart: 0n, cut: 3n, records: 0 }] },
    ],
  };
  // A Kafka that nobody could reach would fail with another code.
  const drill = (topics: unknown, chosen?: readonly string[]): Promise<DrillReport> =>
    runDrill({
      archive: { manifest: { ...manifest, topics } } as unknown as Archive,
      reportDir: '/nowhere',
      sandbox: 'external',
      kafka: { bootstrapServers: ['127.0.0.1:1'], retryDeadlineMs: 100 },
      ...(chosen === undefined ? {} : { topics: chosen }),
    });

  it.each<[string, unknown, RegExp]>([
    ['of an archive without topics', [], /has no topics/],
    ['of topics without records', manifest.topics, /has no records of any topic/],
  ])('%s', async (_what, topics, says) => {
    await expect(drill(topics)).rejects.toMatchObject({
      code: 'KOPS_NOTHING_COMPARED',
      exitCode: 20,
      message: expect.stringMatching(says) as unknown,
    });
  });

  it('of topics that the archive lacks, or that have no records', async () => {
    const full = { name: 'full', partitions: [{ logStart: 0n, cut: 3n, records: 3 }] };
    const topics = [...manifest.topics, full];
    await expect(drill(topics, ['nope'])).rejects.toMatchObject({ code: 'KOPS_TOPIC_NOT_FOUND' });
    await expect(drill(topics, ['empt*'])).rejects.toMatchObject({ code: 'KOPS_NOTHING_COMPARED' });
    await expect(drill(topics, ['full'])).rejects.toMatchObject({ code: 'KOPS_KAFKA_UNREACHABLE' });
  });
});

describe('a sandbox', () => {
  const start = (more: object): Promise<DrillReport> =>
    runDrill({ archive: {} as Archive, reportDir: '/nowhere', ...more });

  it('that is external needs an address, and no other takes one', async () => {
    const usage = (error: unknown): boolean => KopsError.is(error, 'KOPS_USAGE');
    await expect(start({ sandbox: 'external' })).rejects.toSatisfy(usage);
    const kafka = { bootstrapServers: ['localhost:1'] };
    await expect(start({ sandbox: 'jvm', kafka })).rejects.toSatisfy(usage);
  });
});
