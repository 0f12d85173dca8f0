import { z } from 'zod';
import { count, failure, instant, ms, object, offset, text, texts, time } from './json-kinds.ts';

/** `kops drill`. */
export const drill = object({
  archive: text,
  cluster: text,
  repository: text,
  status: z.enum(['ok', 'differs', 'incomplete', 'objective-missed']),
  sandbox: object({ kind: text, description: text, clusterId: text, brokers: count }),
  startedAt: instant,
  topics: z.array(
    object({
      source: text,
      target: text,
      configs: count,
      partitions: z.array(
        object({
          partition: count,
          strategy: text,
          sourceRecords: count,
          targetRecords: count,
          equalRecords: count,
          differingRecords: count,
          bytes: count,
          maxTimestamp: time.nullable(),
        }),
      ),
    }),
  ),
  records: count,
  equalRecords: count,
  groups: count,
  groupOffsets: count,
  configs: count,
  errors: count,
  differences: z.array(object({ severity: text, kind: text, message: text, count })),
  losses: texts,
  notRestorable: texts,
  isEmpty: z.boolean(),
  rtoMs: ms,
  rpoMs: ms,
  newestRecordAgeMs: ms.nullable(),
  objectives: z.array(object({ name: text, objectiveMs: ms, measuredMs: ms, isMet: z.boolean() })),
  selfTest: z
    .array(object({ name: text, topic: text, partition: count, passed: z.boolean(), said: texts }))
    .nullable(),
  durations: z.record(text, ms),
});

/** `kops verify`. */
export const verify = object({
  verification: object({
    archive: text,
    cluster: text,
    repository: text,
    level: text,
    status: z.enum(['ok', 'damaged', 'incomplete']),
    isEmpty: z.boolean(),
    topics: count,
    partitions: count,
    segments: object({ read: count, total: count }),
    bytes: object({ read: count, total: count }),
    subset: text.nullable(),
    batches: count,
    records: count,
    counts: object({ error: count, loss: count, info: count }),
    findings: z.array(object({ severity: text, code: text, message: text, at: failure.shape.at })),
    startedAt: instant,
    durationMs: ms,
  }),
  replay: drill.nullable(),
  report: text.nullable(),
});

const restorePlan = object({
  archive: text,
  sourceCluster: text,
  targetCluster: text,
  method: text,
  offsets: text,
  window: object({ from: time.optional(), to: time.optional() }).nullable(),
  topics: z.array(
    object({
      source: text,
      target: text,
      partitions: z.array(
        object({
          partition: count,
          strategy: text,
          records: count.nullable(),
          bytes: count,
          sourceStart: offset,
          sourceEnd: offset,
        }),
      ),
    }),
  ),
  groups: z.array(object({ group: text })),
  cannotRestore: texts,
  digest: text,
});

/** `kops restore`. */
export const restore = object({
  plan: restorePlan,
  result: object({
    status: z.enum(['complete', 'incomplete']),
    resumed: z.boolean(),
    topics: z.array(
      object({
        source: text,
        target: text,
        created: z.boolean(),
        partitions: z.array(
          object({
            partition: count,
            strategy: text,
            records: count,
            bytes: count,
            batches: count,
            sourceStart: offset,
            sourceEnd: offset,
            targetStart: offset,
            targetEnd: offset,
            leftOut: z.record(text, count),
          }),
        ),
      }),
    ),
    groups: z.array(object({ group: text, status: text })),
    records: count,
    bytes: count,
    durations: z.record(text, ms),
    statePath: text,
  }).nullable(),
  report: text.nullable(),
});

/** `kops estimate`. */
export const estimate = object({
  partitions: count,
  copies: count,
  partitionCopies: count,
  offsets: count.nullable(),
  bytes: count.nullable(),
  totalBytes: count.nullable(),
  newBytes: count.nullable(),
  bytesPerOffset: z.number().nullable(),
  sampledBytes: count,
  rate: object({ bytesPerSecond: z.number(), from: z.enum(['given', 'measured']) }).nullable(),
  durationMs: ms.nullable(),
  topics: z.array(object({ topic: text, partitions: count, offsets: count, bytes: count })),
  places: z.array(
    object({
      repository: text,
      archivedOffsets: count,
      newOffsets: count,
      newBytes: count,
      freeBytes: count.nullable(),
      fits: z.boolean().nullable(),
    }),
  ),
  fits: z.boolean().nullable(),
});

/** `kops doctor`. */
export const doctor = object({
  checks: z.array(
    object({
      name: text,
      status: z.enum(['ok', 'warn', 'fail', 'skipped']),
      message: text,
      details: texts,
      hint: text.nullable(),
      code: text.nullable(),
    }),
  ),
});

/** `kops catalog status`. */
export const catalogStatus = object({
  server: object({
    serverVersion: text,
    clusterName: text,
    indices: z.array(object({ kind: text, index: text, documents: count, bytes: count })),
  }),
  indexer: object({
    archives: object({ committed: count, indexed: count, incomplete: count, waiting: count }),
    waiting: object({ segments: count, records: count, bytes: count }),
    lagMs: ms.optional(),
    oldestWaiting: text.optional(),
    deadLetters: count,
  }),
  topics: z.array(
    object({ cluster: text, archive: text, topic: text, archived: count, indexed: count }),
  ),
});
