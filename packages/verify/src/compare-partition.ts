import { toKopsError, type Offset } from '@kops/core';
import type { ComparePartitionOptions, PartitionComparison } from './compare-port.ts';
import { StreamComparison } from './compare-streams.ts';
import { DifferenceLog } from './difference-log.ts';
import { isFinding } from './finding-log.ts';
import { RecordCursor } from './record-cursor.ts';
import { printRecord, type RecordPrint } from './record-print.ts';
import { archiveRecords, targetRecords } from './record-stream.ts';

const defaultWindow = 64;
const defaultDifferences = 1_000;

/**
 * Compares what an archive shows of a partition to a read_committed consumer with what a live partition holds, record by record: order,
 * key, value, headers with their order and duplicates, null or empty, timestamp, and the offset that `translate` says.
 *
 * One record that was dropped, added, changed or moved is one difference: both streams are found again within `windowRecords`. Memory
 * is bounded by that, a batch of the archive and a fetch of the target. Damage that ends a stream is a difference too.
 *
 * @throws the errors of KafkaClient; KOPS_TOPIC_NOT_FOUND, KOPS_INTERRUPTED
 */
export async function comparePartition(
  options: ComparePartitionOptions,
): Promise<PartitionComparison> {
  const { archive, kafka, source, target, translate, signal } = options;
  const windowRecords = options.windowRecords ?? defaultWindow;
  const stop = signal === undefined ? {} : { signal };
  const log = new DifferenceLog(source, target, options.maxDifferences ?? defaultDifferences);
  const transactions = await archive.scanTransactions(source, stop);
  await using left = new RecordCursor(archiveRecords(archive, source, { transactions, ...stop }));
  await using right = new RecordCursor(targetRecords(kafka, target, stop));
  const comparison = new StreamComparison(left, right, log, {
    translate,
    windowRecords,
    recall: (before) => recall({ ...options, transactions }, before, windowRecords),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    ...stop,
  });
  try {
    await comparison.run();
  } catch (thrown) {
    const error = toKopsError(thrown);
    if (!isFinding(error)) throw error;
    const message = `the comparison stopped here: ${error.message}`;
    log.add({ kind: 'unreadable', source: error.at.offset ?? null, target: null, message });
  }
  return {
    source,
    target,
    sourceRecords: left.count,
    targetRecords: right.count,
    equalRecords: comparison.equal,
    bytes: comparison.bytes,
    maxTimestamp: comparison.maxTimestamp,
    timestampTypesNotKept: comparison.timestampTypesNotKept,
    differingRecords: log.records,
    differences: log.list,
  };
}

/** Prints of the last records before an offset. Read anew: keeping them all the time would cost a hash for every record. */
async function recall(
  {
    archive,
    source,
    transactions,
  }: ComparePartitionOptions & {
    transactions: Awaited<ReturnType<ComparePartitionOptions['archive']['scanTransactions']>>;
  },
  before: Offset,
  wanted: number,
): Promise<readonly RecordPrint[]> {
  const from = before > BigInt(wanted) ? before - BigInt(wanted) : 0n;
  const prints: RecordPrint[] = [];
  for await (const { records, timestampType } of archiveRecords(archive, source, {
    from,
    transactions,
  })) {
    for (const record of records) {
      if (record.offset >= before) return prints;
      prints.push(printRecord(record, timestampType));
    }
  }
  return prints;
}
