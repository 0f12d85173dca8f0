import type { ErrorCode, KopsError } from '@kops/core';

/** What can be wrong with one partition while the others are well. */
const ofPartitions: ReadonlySet<ErrorCode> = new Set([
  'KOPS_ACCESS_DENIED',
  'KOPS_BATCH_CORRUPT',
  'KOPS_INCOMPLETE',
  'KOPS_KAFKA_PROTOCOL',
  'KOPS_KAFKA_UNREACHABLE',
  'KOPS_MAGIC_UNSUPPORTED',
  'KOPS_OFFSET_MISMATCH',
]);

/** Whether an error of a partition's capture says nothing about the other partitions. */
export const isPartitionFault = ({ code }: KopsError): boolean => ofPartitions.has(code);

/** Where a stream fails with these it is our disk or our code, which the other partitions share. */
const ofArchiver: ReadonlySet<ErrorCode> = new Set([
  'KOPS_ACCESS_DENIED',
  'KOPS_NO_SPACE',
  'KOPS_STORAGE_UNREACHABLE',
  'KOPS_UNEXPECTED',
]);

/** Whether an error of a stream, on the archiver's side of it, concerns all partitions. */
export const isArchiverFault = ({ code }: KopsError): boolean => ofArchiver.has(code);
