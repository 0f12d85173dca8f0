/**
 * Record batches of Kafka (magic 2): views, splitting, checks, decoding, encoding, header rewriting. No I/O.
 * @module
 */
export type { CompressionCodec, TimestampType } from './batch-layout.ts';
export { RecordBatchView } from './record-batch-view.ts';
export { splitBatches } from './split-batches.ts';
export { crc32c } from './crc32c.ts';
export { validateBatch } from './validate-batch.ts';
export type { KafkaRecord, RecordHeader } from './record.ts';
export { defaultDecodeLimits, type DecodeLimits } from './compression.ts';
export { decodeRecords, iterateRecords } from './record-decoder.ts';
export { decodeControlRecord, type ControlRecord } from './control-record.ts';
export { encodeBatch, type EncodeOptions } from './batch-encoder.ts';
export { rewriteForLogDir, rewriteForProduce, type ProducerIdentity } from './rewrite-batch.ts';
export { recordDigest } from './record-digest.ts';
