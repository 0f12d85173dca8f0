import { z } from 'zod';

/*
 * What `--json` prints, by command: published as docs/schemas. Fields may be added; those here stay. Numbers follow the rule of
 * docs/CLI.md: places in a log are decimal strings, what is counted or measured is a number.
 */

/** An offset: 64 bits. */
const offset = z.string().regex(/^\d{1,19}$/);
/** Time of a record, ms since 1970; -1 for none. */
const time = z.string().regex(/^-?\d{1,19}$/);
/** What is counted, and sizes in bytes. */
const count = z.int().min(0);
/** A measured length of time. */
const ms = z.number();
const text = z.string();
const texts = z.array(text);
const instant = z.iso.datetime();
const object = z.looseObject;

/** A failure; the document of every command that fails. */
const failure = object({
  code: z.string().startsWith('KOPS_'),
  message: text,
  at: object({ partition: count.optional(), offset: offset.optional() }),
  hint: text.optional(),
});
const exited = failure.extend({ exit: count });

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

const archivesList = object({
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

const archivesShow = object({
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
          bytes: count,
          segments: count,
          mode: z.enum(['baseline', 'extended']),
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

const indexReport = object({
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

const backup = object({
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

const shown = z.union([object({ text }), object({ base64: text })]).nullable();
const record = object({
  offset,
  timestamp: time,
  key: shown,
  value: shown,
  headers: z.array(object({ value: shown })),
});

const cat = object({
  archive: text,
  topic: text,
  partition: count,
  logStart: offset,
  cut: offset,
  records: z.array(record),
  error: exited.optional(),
});

const grep = object({
  archive: text,
  records: z.array(record.extend({ topic: text, partition: count })),
  scanned: count.optional(),
  damaged: z.array(failure).optional(),
  error: exited.optional(),
});

const exported = object({
  archive: text,
  topics: texts,
  documents: count,
  cut: count,
  output: text,
});

const search = object({
  total: count,
  isTotalExact: z.boolean(),
  hits: z.array(
    object({
      cluster: text,
      topicId: text,
      topic: text,
      partition: count,
      offset,
      timestamp: time,
      lineage: text,
      archive: text,
      segment: text,
      // The document as the catalog has it; its numbers are numbers.
      fields: z.record(text, z.unknown()),
    }),
  ),
  next: text.nullable(),
});

const drill = object({
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

const verify = object({
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

const restore = object({
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

const estimate = object({
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

const doctor = object({
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

const catalogStatus = object({
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

const kibanaSetup = object({
  imported: z.boolean(),
  prefix: text,
  url: text.nullable(),
  space: text.nullable(),
  kibanaVersion: text.nullable(),
  output: text.nullable(),
  objects: z.array(object({ type: text, id: text, title: text })),
});

const configShow = z.array(object({ path: text, value: z.unknown(), source: text }));
const version = object({ kops: text, node: text, format: count });

/** The document of a failure. */
export const failureSchema = object({ error: exited });

/** The documents of the commands, by their names as typed. */
export const jsonSchemas: Readonly<Record<string, z.ZodType>> = {
  'archives list': archivesList,
  'archives show': archivesShow,
  backup,
  cat,
  'catalog rebuild': indexReport,
  'catalog status': catalogStatus,
  'config init': object({ output: text.nullable() }),
  'config show': configShow,
  doctor,
  drill,
  estimate,
  export: exported,
  grep,
  'kibana setup': kibanaSetup,
  restore,
  search,
  verify,
  version,
};

/** Commands that run until they are stopped and have no result. */
export const withoutResult: readonly string[] = ['agent', 'archiver'];
