/**
 * Byte layout of a record batch of magic 2, big endian (https://kafka.apache.org/documentation/#recordbatch, KIP-98).
 *
 * | position | field                | type  | in the CRC |
 * | -------- | -------------------- | ----- | ---------- |
 * | 0        | baseOffset           | int64 | no         |
 * | 8        | batchLength          | int32 | no         |
 * | 12       | partitionLeaderEpoch | int32 | no         |
 * | 16       | magic                | int8  | no         |
 * | 17       | crc (CRC-32C)        | uint32| no         |
 * | 21       | attributes           | int16 | yes        |
 * | 23       | lastOffsetDelta      | int32 | yes        |
 * | 27       | baseTimestamp        | int64 | yes        |
 * | 35       | maxTimestamp         | int64 | yes        |
 * | 43       | producerId           | int64 | yes        |
 * | 51       | producerEpoch        | int16 | yes        |
 * | 53       | baseSequence         | int32 | yes        |
 * | 57       | recordCount          | int32 | yes        |
 * | 61       | records              | bytes | yes        |
 *
 * batchLength counts what follows it. The first three fields can be changed without a new CRC: brokers do.
 */
export const field = {
  baseOffset: 0,
  batchLength: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
  payload: 61,
} as const;

/** Bytes before `batchLength` starts counting: baseOffset and batchLength itself, the same in every magic. */
export const logOverhead = 12;

/** Smallest `batchLength` of magic 2: a header without records, as compaction leaves it. */
export const minBatchLength = field.payload - logOverhead;

/** Largest `batchLength` with which the whole batch is still addressable by an int32, as brokers need it. */
export const maxBatchLength = 0x7fff_ffff - logOverhead;

/** The only magic kops reads; 0 and 1 (before Kafka 0.11) are refused by name. */
export const supportedMagic = 2;

/** Bits of `attributes`; the codec is in the lowest three. */
export const attribute = {
  codecMask: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
  /** KIP-534: baseTimestamp holds the delete horizon. */
  deleteHorizon: 0x40,
} as const;

/** Compression codec of a batch, by the names of Kafka's `compression.type`. */
export type CompressionCodec = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** Who set the timestamps: the producer or the broker (`message.timestamp.type`). */
export type TimestampType = 'CreateTime' | 'LogAppendTime';

/** Codecs by their id in `attributes`. */
export const codecs: readonly CompressionCodec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
