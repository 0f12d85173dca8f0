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
