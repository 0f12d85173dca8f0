import type { Offset } from '@kops/core';
import {
  decodeRecords,
  encodeBatch,
  rewriteForProduce,
  type KafkaRecord,
  type ProducerIdentity,
  type RecordBatchView,
} from '@kops/record-batch';
import type { AbortedTransactions, LocatedBatch } from '@kops/repository';
import { areChosen, isChosen, type OffsetRange } from './chosen-records.ts';
import type { TimeWindow } from './plan.ts';

/** The mark of batches without producer. */
export const noProducer: ProducerIdentity = {
  producerId: -1n,
  producerEpoch: -1,
  baseSequence: -1,
};

/** Consecutive source offsets that are restored. */
export interface SourceRun {
  readonly start: Offset;
  readonly count: number;
}

/** What of one stored batch goes to the target, as one batch. Valid as long as the batch it was cut from. */
export interface Piece {
  readonly runs: readonly SourceRun[];
  readonly count: number;
  /** Source offset after everything of the batch that is visible. */
  readonly sourceEnd: Offset;
  readonly reencoded: boolean;
  /** Bytes to reckon with before {@link build} made them. */
  readonly estimatedBytes: number;
  /**
   * The batch as the broker takes it: base offset 0, contiguous, plain, of the given producer. Unless it is encoded anew it is put into
   * `memory` if that is given, which must have the size of the estimate.
   */
  build(producer: ProducerIdentity, memory?: Uint8Array): Uint8Array;
}

/** Records of a batch that are not restored, by reason. */
export interface Omission {
  readonly reason: 'aborted' | 'open' | 'outsideWindow' | 'controlBatches';
  readonly count: number;
}

/** What became of one stored batch. */
export interface CutBatch {
  readonly piece: Piece | undefined;
  readonly omissions: readonly Omission[];
}

/** What decides what of a partition is restored. */
export interface CutRules {
  /** Source offsets [start, end). */
  readonly start: Offset;
  readonly end: Offset;
  readonly transactions: AbortedTransactions;
  readonly window: TimeWindow | null;
  /** Only these of them. */
  readonly chosen?: readonly OffsetRange[] | undefined;
}

const nothing: CutBatch = { piece: undefined, omissions: [] };

/** Cuts a stored batch down to what is restored of it. A batch that fits whole keeps its bytes. */
export function cutBatch({ batch, segment }: LocatedBatch, rules: CutRules): CutBatch {
  const low = largest(batch.baseOffset, segment.slice.start, rules.start);
  const high = smallest(batch.nextOffset, segment.slice.end, rules.end);
  if (low >= high) return nothing;
  if (batch.isControl)
    return { piece: undefined, omissions: [{ reason: 'controlBatches', count: 1 }] };
  if (batch.recordCount === 0) return nothing;
  const verdict = verdictOn(batch, low, rules.transactions);
  const isWhole = low === batch.baseOffset && high === batch.nextOffset;
  if (verdict !== undefined) {
    return {
      piece: undefined,
      omissions: [
        { reason: verdict, count: isWhole ? batch.recordCount : countIn(batch, low, high) },
      ],
    };
  }
  const isAllChosen =
    rules.chosen === undefined || areChosen(rules.chosen, { start: low, end: high });
  if (isWhole && isAllChosen && rules.window === null && isVerbatim(batch))
    return { piece: wholePiece(batch, high), omissions: [] };
  return cutRecords(batch, low, high, rules);
}

/** All records of a batch are of one transaction, so the first visible offset decides. */
function verdictOn(
  batch: RecordBatchView,
  low: Offset,
  transactions: AbortedTransactions,
): 'aborted' | 'open' | undefined {
  if (!batch.isTransactional || !transactions.isAborted(batch.producerId, low)) return undefined;
  const isOpen = transactions.open.some(
    ({ producerId, firstOffset }) =>
      producerId === batch.producerId && firstOffset < batch.nextOffset,
  );
  return isOpen ? 'open' : 'aborted';
}

/**
 * Whether the broker takes the stored bytes: no holes inside; CreateTime, as LogAppendTime is refused from producers; and no
 * delete horizon, which would let the target's cleaner drop tombstones by the source's clock.
 */
function isVerbatim(batch: RecordBatchView): boolean {
  const { recordCount, lastOffsetDelta, timestampType, hasDeleteHorizon } = batch;
  return recordCount === lastOffsetDelta + 1 && timestampType === 'CreateTime' && !hasDeleteHorizon;
}

function wholePiece(batch: RecordBatchView, sourceEnd: Offset): Piece {
  const count = batch.recordCount;
  return {
    runs: [{ start: batch.baseOffset, count }],
    count,
    sourceEnd,
    reencoded: false,
    estimatedBytes: batch.sizeInBytes,
    build: (producer, memory) =>
      rewriteForProduce(batch, { ...producer, isTransactional: false }, memory),
  };
}

function cutRecords(
  batch: RecordBatchView,
  low: Offset,
  high: Offset,
  { window, chosen }: CutRules,
): CutBatch {
  const visible = decodeRecords(batch).filter(
    ({ offset }) =>
      offset >= low && offset < high && (chosen === undefined || isChosen(chosen, offset)),
  );
  const kept =
    window === null ? visible : visible.filter(({ timestamp }) => isInside(window, timestamp));
  const outside = visible.length - kept.length;
  const omissions: readonly Omission[] =
    outside === 0 ? [] : [{ reason: 'outsideWindow', count: outside }];
  if (kept.length === 0) return { piece: undefined, omissions };
  const keptAll = kept.length === batch.recordCount && isVerbatim(batch);
  return { piece: keptAll ? wholePiece(batch, high) : encodedPiece(batch, kept, high), omissions };
}

function encodedPiece(
  batch: RecordBatchView,
  kept: readonly KafkaRecord[],
  sourceEnd: Offset,
): Piece {
  const runs = runsOf(kept);
  return {
    runs,
    count: kept.length,
    sourceEnd,
    reencoded: true,
    estimatedBytes: batch.sizeInBytes,
    build: (producer) =>
      encodeBatch(
        kept.map((record, index) => ({ ...record, offset: BigInt(index) })),
        {
          ...producer,
          isTransactional: false,
          codec: batch.codec,
          timestampType: 'CreateTime',
          contiguous: true,
        },
      ),
  };
}

function runsOf(records: readonly KafkaRecord[]): SourceRun[] {
  const runs: { start: Offset; count: number }[] = [];
  for (const { offset } of records) {
    const last = runs.at(-1);
    if (last !== undefined && last.start + BigInt(last.count) === offset) last.count += 1;
    else runs.push({ start: offset, count: 1 });
  }
  return runs;
}

function countIn(batch: RecordBatchView, low: Offset, high: Offset): number {
  return decodeRecords(batch).filter(({ offset }) => offset >= low && offset < high).length;
}

function isInside({ from, to }: TimeWindow, timestamp: bigint): boolean {
  return (from === undefined || timestamp >= from) && (to === undefined || timestamp < to);
}

function largest(...values: readonly bigint[]): bigint {
  return values.reduce((most, value) => (value > most ? value : most));
}

function smallest(...values: readonly bigint[]): bigint {
  return values.reduce((least, value) => (value < least ? value : least));
}
