import type { SegmentEntry } from '@kops/archive-format';
import { toKopsError, type ErrorCode, type Offset } from '@kops/core';
import {
  splitBatches,
  validateBatch,
  type CompressionCodec,
  type RecordBatchView,
} from '@kops/record-batch';
import { BatchAssembler } from '@kops/repository';

/** One thing that is wrong with a segment. */
export interface SegmentProblem {
  readonly code: ErrorCode;
  readonly message: string;
  /** Of the batch; undefined where it is the whole segment. */
  readonly offset?: Offset;
}

/** Problems of one segment that are told one by one; the rest is counted. */
const maxProblems = 100;

/**
 * Checks the batches of one whole segment while its bytes pass by: CRC-32C, lengths, offset order, and everything that its entry says.
 * Damage ends the walk only where a length is wrong, because no later batch can be found then. Records are not decompressed or decoded:
 * the CRC covers them, and their number is compared with the batches' headers.
 */
export class StructureWalk {
  readonly problems: SegmentProblem[] = [];
  /** All problems, listed or not. */
  problemCount = 0;
  batches = 0;
  records = 0;
  readonly #segment: SegmentEntry;
  readonly #assembler: BatchAssembler;
  #isLost = false;
  #position = 0;
  #last = -1n;
  #maxTimestamp = -1n;
  #epoch: number | undefined;
  #epochs = 0;
  #nextIndex = 0;
  #isTransactional = false;
  #controlBatches = 0;
  readonly #codecs = new Set<CompressionCodec>();

  constructor(segment: SegmentEntry) {
    this.#segment = segment;
    this.#assembler = new BatchAssembler(0, segment.plaintextBytes);
    this.#last = segment.baseOffset - 1n;
  }

  /** Takes the next piece of plaintext. Never throws for damage. */
  push(piece: Uint8Array): void {
    if (this.#isLost) return;
    try {
      for (const { bytes } of this.#assembler.push(piece)) {
        for (const batch of splitBatches(bytes)) this.#check(batch);
      }
    } catch (thrown) {
      const error = toKopsError(thrown);
      if (error.code !== 'KOPS_BATCH_CORRUPT' && error.code !== 'KOPS_MAGIC_UNSUPPORTED')
        throw error;
      this.#isLost = true;
      this.#report(error.code, `${error.message}; the rest cannot be read`, error.at.offset);
    }
  }

  /** To be called after the last piece. */
  end(): void {
    if (this.#isLost) return;
    if (this.#assembler.pendingBytes > 0) {
      this.#report('KOPS_OBJECT_CORRUPT', `ends inside the batch at byte ${this.#position}`);
      return;
    }
    this.#compareEntry();
  }

  #check(batch: RecordBatchView): void {
    const { baseOffset, lastOffset, maxTimestamp } = batch;
    try {
      validateBatch(batch);
    } catch (thrown) {
      const error = toKopsError(thrown);
      if (error.code !== 'KOPS_BATCH_CORRUPT') throw error;
      this.#report(error.code, error.message, baseOffset);
    }
    this.#checkOrder(baseOffset, lastOffset);
    if (maxTimestamp > this.#maxTimestamp) this.#maxTimestamp = maxTimestamp;
    if (batch.partitionLeaderEpoch !== this.#epoch) this.#checkEpoch(batch);
    this.#checkIndex(baseOffset);
    this.batches++;
    this.records += batch.recordCount;
    this.#codecs.add(codecOf(batch));
    if (batch.isTransactional || batch.isControl) this.#isTransactional = true;
    if (batch.isControl) this.#controlBatches++;
    this.#position += batch.sizeInBytes;
  }

  #checkOrder(baseOffset: Offset, lastOffset: Offset): void {
    if (this.batches === 0 && baseOffset !== this.#segment.baseOffset) {
      this.#differs('begins with offset', baseOffset, this.#segment.baseOffset, baseOffset);
    } else if (baseOffset <= this.#last) {
      const message = `has offset ${baseOffset} after offset ${this.#last}`;
      this.#report('KOPS_OBJECT_CORRUPT', message, baseOffset);
    }
    this.#last = lastOffset;
  }

  #checkEpoch({ partitionLeaderEpoch, baseOffset }: RecordBatchView): void {
    this.#epoch = partitionLeaderEpoch;
    const expected = this.#segment.leaderEpochs[this.#epochs++];
    if (expected?.epoch === partitionLeaderEpoch && expected.startOffset === baseOffset) return;
    const archived =
      expected === undefined ? 'none' : `${expected.epoch} at offset ${expected.startOffset}`;
    this.#differs(
      'has the leader epoch',
      `${partitionLeaderEpoch} at offset ${baseOffset}`,
      archived,
      baseOffset,
    );
  }

  /** The sparse index may be of any density, but each of its entries must be true. */
  #checkIndex(baseOffset: Offset): void {
    const entry = this.#segment.index[this.#nextIndex];
    if (entry === undefined || entry[2] > this.#position) return;
    this.#nextIndex++;
    const [offset, timestamp, position] = entry;
    if (position === this.#position && offset === baseOffset && timestamp === this.#maxTimestamp)
      return;
    this.#differs(
      'has in the sparse index',
      `offset ${offset}, time ${timestamp} at byte ${position}`,
      `offset ${baseOffset}, time ${this.#maxTimestamp} at byte ${this.#position}`,
      baseOffset,
    );
  }

  #compareEntry(): void {
    const {
      lastOffset,
      batches,
      controlBatches,
      records,
      maxTimestamp,
      leaderEpochs,
      index,
      codecs,
      transactional,
    } = this.#segment;
    this.#compare('ends with offset', this.#last, lastOffset);
    this.#compare('batches:', this.batches, batches);
    this.#compare('control batches:', this.#controlBatches, controlBatches);
    if (records !== null) this.#compare('records:', this.records, records);
    this.#compare('largest timestamp:', this.#maxTimestamp, maxTimestamp);
    this.#compare('leader epochs:', this.#epochs, leaderEpochs.length);
    this.#compare('sparse index entries that lie at a batch:', this.#nextIndex, index.length);
    this.#compare('codecs:', [...this.#codecs].sort().join(' '), [...codecs].sort().join(' '));
    this.#compare('transactional:', String(this.#isTransactional), String(transactional));
  }

  #compare(
    what: string,
    actual: bigint | number | string,
    archived: bigint | number | string,
  ): void {
    if (actual !== archived) this.#differs(what, actual, archived);
  }

  #differs(
    what: string,
    actual: bigint | number | string,
    archived: bigint | number | string,
    offset?: Offset,
  ): void {
    this.#report(
      'KOPS_OBJECT_CORRUPT',
      `${what} ${actual}, it was archived with ${archived}`,
      offset,
    );
  }

  #report(code: ErrorCode, message: string, offset?: Offset): void {
    this.problemCount++;
    if (this.problems.length >= maxProblems) return;
    this.problems.push({
      code,
      message: `segment: ${message}`,
      ...(offset === undefined || offset < 0n ? {} : { offset }),
    });
  }
}

/** An unknown codec is reported by `validateBatch`; here it only must not throw. */
function codecOf(batch: RecordBatchView): CompressionCodec {
  return (batch.attributes & 7) > 4 ? 'none' : batch.codec;
}
