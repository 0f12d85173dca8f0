import { z } from 'zod';

/** Offsets, timestamps, producer ids and sizes beyond 2^53 stand in JSON as decimal strings and in code as bigint. */
const int64 = z
  .string()
  .regex(/^(0|-?[1-9][0-9]{0,18})$/)
  .transform((text) => BigInt(text))
  .refine((value) => BigInt.asIntN(64, value) === value, 'beyond 64 bits');
const hex32 = z.string().regex(/^[0-9a-f]{32}$/);
/** SHA-256 as 64 lower-case hex digits. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const int32 = z
  .number()
  .int()
  .min(-1)
  .max(2 ** 31 - 1);
const topicName = z.string().min(1).max(249);
const label = z.string().max(64);
const pattern = z.string().min(1).max(1024);

/** Ids of archives: `<UTC time>-<random>`, safe in paths. */
export const archiveIdSchema = z.string().regex(/^[0-9a-z][0-9a-z-]{7,63}$/);

/** A leader epoch and the first offset that carries it. */
export const leaderEpochSchema = z.looseObject({ epoch: int32, startOffset: int64 });

/** `[offset, max timestamp so far, byte position]` of a batch, about one per MiB; the first is the segment's first batch. */
export const indexEntrySchema = z.tuple([int64, int64, count]);

/** One segment as an archive uses it (FORMAT.md "List entry of a segment"). */
export const segmentEntrySchema = z.looseObject({
  key: z.string().max(1024),
  /** Visible part: offsets in [start, end). */
  slice: z.looseObject({ start: int64, end: int64 }),
  baseOffset: int64,
  lastOffset: int64,
  leaderEpochs: z.array(leaderEpochSchema).max(100_000),
  /** Sum of the batches' record counts, control records included; null where unknown. */
  records: count.nullable(),
  batches: count,
  /** Of the batches: transaction markers and others that no consumer sees. */
  controlBatches: count,
  maxTimestamp: int64,
  minTimestamp: int64.nullable(),
  codecs: z.array(z.enum(['none', 'gzip', 'snappy', 'lz4', 'zstd'])),
  transactional: z.boolean(),
  plaintextBytes: count,
  plaintextSha256: sha256Schema,
  storedBytes: count,
  storedSha256: sha256Schema,
  index: z.array(indexEntrySchema).max(100_000),
  /** True where its batches failed their check at the source: evidence, stored as captured, of which an archive shows nothing. */
  damaged: z.literal(true).optional(),
});

/** The segments of one partition, in offset order. Stored under the SHA-256 of its own bytes. */
export const segmentListSchema = z.looseObject({
  version: z.literal(1),
  cluster: z.string().max(256),
  topicId: hex32,
  partition: count,
  segments: z.array(segmentEntrySchema),
});

/** Why offsets are missing that should be there. */
export const lossReasonSchema = z.enum([
  'retention',
  'truncation',
  'topic-recreated',
  'topic-deleted',
  'tombstones-may-be-gone',
  'fetch-gave-up',
  'damaged-at-source',
]);

/** Offsets in [from, to) that are lost; where both are equal, nothing could be captured from there on. */
export const lossSchema = z.looseObject({
  from: int64,
  to: int64,
  reason: lossReasonSchema,
  detail: z.string().max(1024),
  /** Of a damaged batch: the segment that holds it as it was captured. */
  segment: z.string().max(1024).optional(),
});

/** Offsets in [from, to) whose deletion was expected. */
export const purgeSchema = z.looseObject({ from: int64, to: int64, detail: z.string().max(1024) });

/**
 * A transaction with data below the cut and no marker there: open at the cut, or ended beyond it. A last stable offset falls in the
 * middle of transactions that ended while an older one was still open.
 */
export const straddlingTransactionSchema = z.looseObject({
  producerId: int64,
  producerEpoch: int32,
  firstOffset: int64,
  /** How the log says it ended; left out where it had not, or nobody asked. */
  outcome: z.enum(['committed', 'aborted']).optional(),
});

/** Which life of the partition this is. */
export const lineageSchema = z.looseObject({
  topicId: hex32,
  /** True where the cluster has no topic ids and kops derived one. */
  derivedTopicId: z.boolean(),
  partition: count,
  leaderEpochs: z.array(leaderEpochSchema).max(100_000),
});

/** One partition of an archive. It shows the offsets [logStart, cut). */
export const partitionSchema = z.looseObject({
  partition: count,
  lineage: lineageSchema,
  logStart: int64,
  highWatermark: int64,
  lastStableOffset: int64,
  cut: int64,
  /** SHA-256 of the segment list; null when the partition shows nothing. */
  list: sha256Schema.nullable(),
  /** True when this archive captured the partition from its log start instead of extending its parent. */
  baseline: z.boolean(),
  /** Why it was; left out where it was not. */
  baselineReason: z.string().max(1024).optional(),
  segments: count,
  /** Records in [logStart, cut), control records included; null where unknown (a slice inside a batch). */
  records: count.nullable(),
  plaintextBytes: count,
  /** Offsets in [logStart, cut) that the log itself lacks. */
  holes: z.looseObject({ offsets: int64 }).nullable(),
  losses: z.array(lossSchema),
  /** Offsets that were deleted before they were captured, as the configuration expects: no losses. Within [logStart, cut) they count as holes. */
  purges: z.array(purgeSchema).optional(),
  openTransactions: z.array(straddlingTransactionSchema),
  /** Archived watermark per copy, by the copy's name. */
  watermarks: z.record(z.string(), int64),
});

export const topicConfigSchema = z.looseObject({
  name: z.string().max(512),
  value: z.string().max(65_536).nullable(),
  /** Where the value comes from, by Kafka's names: DYNAMIC_TOPIC_CONFIG, DEFAULT_CONFIG, … */
  source: z.string().max(64),
});

export const topicSchema = z.looseObject({
  name: topicName,
  topicId: hex32,
  derivedTopicId: z.boolean(),
  internal: z.boolean(),
  partitionCount: count,
  replicationFactor: count,
  configs: z.array(topicConfigSchema).max(1000),
  partitions: z.array(partitionSchema),
});

export const groupOffsetSchema = z.looseObject({
  topic: topicName,
  partition: count,
  offset: int64,
  leaderEpoch: int32,
  metadata: z.string().max(65_536).nullable(),
});

export const groupSchema = z.looseObject({
  group: z.string().max(65_536),
  state: label,
  protocolType: z.string().max(256),
  offsets: z.array(groupOffsetSchema),
});

/** A group whose offsets could not be read; null for those of coordinators that could not be asked for names. */
export const groupFaultSchema = z.looseObject({
  group: z.string().max(65_536).nullable(),
  /** The code of the error. */
  code: label,
  detail: z.string().max(1024),
});

export const clusterSchema = z.looseObject({
  id: z.string().max(256),
  brokers: z.array(
    z.looseObject({
      id: z.number().int(),
      host: z.string().max(512),
      port: count,
      rack: z.string().max(512).nullable(),
    }),
  ),
});

/** Which topics of the cluster an archive is of. */
export const archiveSelectionSchema = z.looseObject({
  /** Names and globs that the backup was asked for; none means all topics. */
  topics: z.array(pattern).max(10_000),
  /** Names and globs that it was to leave out. */
  exclude: z.array(pattern).max(10_000),
  /** Topics besides, which are gone and of which an interrupted backup had left something. */
  gone: z.array(topicName).max(10_000),
  /** Holds only what interrupted backups left of some partitions; the archive of the backup itself follows. */
  leftovers: z.boolean(),
});

/** A topic that an earlier archive holds and the cluster no longer has. */
export const deletedTopicSchema = z.looseObject({
  name: topicName,
  topicId: hex32,
  /** The last archive that holds it. */
  archive: archiveIdSchema,
});

/** What an archive is. ACLs, quotas and users arrive with a later minor version: unknown fields are kept. */
export const manifestSchema = z.looseObject({
  version: z.literal(1),
  archive: archiveIdSchema,
  series: archiveIdSchema,
  kind: z.enum(['snapshot', 'generation']),
  generation: count,
  parent: archiveIdSchema.nullable(),
  cluster: clusterSchema,
  kopsVersion: label,
  startedAt: z.string().max(64),
  endedAt: z.string().max(64),
  isolation: z.enum(['read_committed', 'read_uncommitted']),
  copies: z.array(z.string().max(2048)).min(1),
  selection: archiveSelectionSchema,
  /** Topics of the selection that were deleted since the newest archive that is of them. */
  deletedSinceParent: z.array(deletedTopicSchema).max(100_000),
  topics: z.array(topicSchema).max(100_000),
  groups: z.array(groupSchema).max(100_000),
  /** Groups whose offsets could not be read; left out where there are none. */
  groupFaults: z.array(groupFaultSchema).max(100_000).optional(),
  signature: z.unknown().nullable(),
});

/**
 * One entry of the commit log. It makes an archive part of the repository (`archive`, `series` and `manifest` set), retires archives, or fences series.
 * `previous` is the SHA-256 of the bytes of the commit before it in the same shard; null for the first.
 */
export const commitSchema = z.looseObject({
  version: z.literal(1),
  shard: z.string().regex(/^[0-9a-z][0-9a-z-]{0,63}$/),
  /** 1, 2, 3 … within the shard, without gaps. */
  sequence: count.min(1),
  cluster: z.string().max(256),
  archive: archiveIdSchema.nullable(),
  series: archiveIdSchema.nullable(),
  manifest: z
    .looseObject({ key: z.string().max(1024), sha256: sha256Schema, bytes: count })
    .nullable(),
  /** That of the manifest; null where the commit adds no archive. */
  selection: archiveSelectionSchema.nullable(),
  /** Archives that stop existing with this commit. */
  retires: z.array(archiveIdSchema).max(100_000),
  /** Series that another backup has taken over: no later commit adds an archive to one. */
  fences: z.array(archiveIdSchema).max(1_000).optional(),
  previous: sha256Schema.nullable(),
  signature: z.unknown().nullable(),
});

export const repositorySchema = z.looseObject({
  version: z.literal(1),
  id: hex32,
  createdAt: z.string().max(64),
});

export type LeaderEpoch = z.output<typeof leaderEpochSchema>;
export type IndexEntry = z.output<typeof indexEntrySchema>;
export type SegmentEntry = z.output<typeof segmentEntrySchema>;
export type SegmentList = z.output<typeof segmentListSchema>;
export type Loss = z.output<typeof lossSchema>;
export type Purge = z.output<typeof purgeSchema>;
export type LossReason = z.output<typeof lossReasonSchema>;
export type StraddlingTransaction = z.output<typeof straddlingTransactionSchema>;
export type Lineage = z.output<typeof lineageSchema>;
export type PartitionManifest = z.output<typeof partitionSchema>;
export type TopicConfig = z.output<typeof topicConfigSchema>;
export type TopicManifest = z.output<typeof topicSchema>;
export type GroupOffset = z.output<typeof groupOffsetSchema>;
export type GroupFault = z.output<typeof groupFaultSchema>;
export type GroupManifest = z.output<typeof groupSchema>;
export type ClusterManifest = z.output<typeof clusterSchema>;
export type SelectedTopics = z.output<typeof archiveSelectionSchema>;
export type DeletedTopic = z.output<typeof deletedTopicSchema>;
export type Manifest = z.output<typeof manifestSchema>;
export type Commit = z.output<typeof commitSchema>;
/** A commit that adds an archive: what a reader needs to find and check its manifest. */
export type ArchiveCommit = Commit & {
  readonly archive: string;
  readonly series: string;
  readonly manifest: NonNullable<Commit['manifest']>;
  readonly selection: SelectedTopics;
};
export type RepositoryInfo = z.output<typeof repositorySchema>;
