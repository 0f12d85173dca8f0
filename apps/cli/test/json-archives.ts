import { z } from 'zod';
import { count, failure, instant, object, offset, text, texts } from './json-kinds.ts';

const losses = object({ count, offsets: count });
const totals = object({
  partitions: count,
  records: count,
  recordsKnown: z.boolean(),
  holes: count,
  losses,
  bytes: count,
});
const summary = totals.extend({
  archive: text,
  cluster: text,
  kind: z.enum(['snapshot', 'generation']),
  series: text,
  generation: count,
  parent: text.nullable(),
  startedAt: instant,
  endedAt: instant,
  topics: count,
  groups: count,
  selection: object({ topics: texts, exclude: texts, gone: texts, leftovers: z.boolean() }),
  isSubset: z.boolean(),
});

/** `kops archives list`. */
export const archivesList = object({
  repository: text,
  archives: z.array(
    object({
      archive: text,
      cluster: text,
      summary: summary.nullable(),
      error: failure.nullable(),
    }),
  ),
});

/** `kops archives show`. */
export const archivesShow = object({
  repository: text,
  summary,
  kopsVersion: text,
  isolation: z.enum(['read_committed', 'read_uncommitted']),
  brokers: z.array(object({ id: z.int(), host: text, port: count, rack: text.nullable() })),
  copies: texts,
  deletedSinceParent: z.array(object({ name: text, topicId: text, archive: text })),
  topics: z.array(
    object({
      name: text,
      topicId: text,
      internal: z.boolean(),
      partitionCount: count,
      replicationFactor: count,
      totals,
      partitions: z.array(
        object({
          partition: count,
          logStart: offset,
          cut: offset,
          highWatermark: offset,
          lastStableOffset: offset,
          records: count.nullable(),
          holes: count.nullable(),
          losses: z.array(object({ from: offset, to: offset, reason: text, detail: text })),
          purges: z.array(object({ from: offset, to: offset, detail: text })),
          bytes: count,
          segments: count,
          mode: z.enum(['baseline', 'extended']),
          baselineReason: text.nullable(),
          openTransactions: count,
          watermarks: z.record(text, offset),
        }),
      ),
    }),
  ),
  groups: z.array(
    object({
      group: text,
      state: text,
      protocolType: text,
      offsets: z.array(object({ topic: text, partition: count, offset })),
    }),
  ),
});

/** `kops catalog rebuild`. */
export const indexReport = object({
  archives: texts,
  incomplete: texts,
  segments: count,
  records: count,
  created: count,
  updated: count,
  dropped: count,
  rejected: count,
  bytes: count,
  retries: count,
  failed: z.array(object({ archive: text, code: text, message: text })),
  retired: object({ archives: texts, segments: count, records: count }),
});

/** `kops backup`. */
export const backup = object({
  started: object({
    backupId: text,
    clusterId: text,
    parent: text.nullable(),
    groups: count,
    deletedTopics: z.array(object({ topic: text, topicId: text, archive: text })),
    partitions: z.array(
      object({
        topic: text,
        partition: count,
        mode: text,
        logStart: offset,
        resumeOffset: offset,
        cut: offset,
        reason: text,
      }),
    ),
  }),
  archives: z.array(
    object({
      archive: text,
      sequence: count,
      generation: count,
      topics: count,
      partitions: count,
      groups: count,
      records: count,
      bytes: count,
      newBytes: count,
      newSegments: count,
      losses: count,
      copies: texts,
    }),
  ),
  stopped: z.boolean(),
  catalog: object({ report: indexReport.optional(), error: failure.optional() }).optional(),
});
