import { KopsError } from '@kops/core';
import type { ObjectStore } from '@kops/object-store';
import { splitBatches, validateBatch, type RecordBatchView } from '@kops/record-batch';
import { BatchAssembler } from './batch-assembler.ts';

/** A published object, or one under way that a dead owner left. */
export type RawSegment = { readonly key: string } | { readonly part: string };

/** How to walk a raw segment. */
export interface RawSegmentOptions {
  readonly pieceBytes?: number;
  readonly signal?: AbortSignal;
}

/** Valid batches of a raw segment, in order. Iterate once; the rest is known when that ended. */
export interface SegmentBatches extends AsyncIterable<{
  readonly batch: RecordBatchView;
  readonly position: number;
}> {
  /** Length of the prefix of valid batches that were yielded so far. */
  readonly validBytes: number;
  /** Offset after the last valid batch; undefined before the first. */
  readonly nextOffset: bigint | undefined;
  /** Why the walk ended before the end of the bytes; undefined if it did not. */
  readonly tornTail: KopsError | undefined;
}

/**
 * Walks a segment of which nothing is known but its bytes: each batch is checked by length, CRC-32C and ascending offsets. It ends without an error
 * where the first batch is not whole or not valid, as a crash leaves it. Failures of the store are thrown.
 */
export function readSegmentBatches(
  store: ObjectStore,
  source: RawSegment,
  options: RawSegmentOptions = {},
): SegmentBatches {
  const key = 'key' in source ? source.key : source.part;
  const settings = {
    ...(options.pieceBytes === undefined ? {} : { pieceBytes: options.pieceBytes }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  return new RawWalk(
    key,
    'key' in source ? store.read(key, settings) : store.readPart(key, settings),
  );
}

class RawWalk implements SegmentBatches {
  validBytes = 0;
  nextOffset: bigint | undefined;
  tornTail: KopsError | undefined;
  readonly #key: string;
  readonly #pieces: AsyncIterable<Uint8Array>;

  constructor(key: string, pieces: AsyncIterable<Uint8Array>) {
    this.#key = key;
    this.#pieces = pieces;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<{ batch: RecordBatchView; position: number }> {
    const assembler = new BatchAssembler();
    for await (const piece of this.#pieces) {
      yield* this.#untilTorn(this.#validBatches(assembler, piece));
      if (this.tornTail !== undefined) return;
    }
    if (assembler.pendingBytes > 0)
      this.tornTail = this.#torn(
        `${String(assembler.pendingBytes)} bytes are not a complete batch`,
      );
  }

  *#validBatches(assembler: BatchAssembler, piece: Uint8Array): Generator<RecordBatchView> {
    for (const run of assembler.push(piece)) {
      for (const batch of splitBatches(run.bytes)) {
        validateBatch(batch);
        if (this.nextOffset !== undefined && batch.baseOffset < this.nextOffset) {
          throw this.#torn(`offset ${batch.baseOffset} cannot follow ${this.nextOffset - 1n}`);
        }
        yield batch;
      }
    }
  }

  /** Yields until the bytes are not valid any more. Only damage of the bytes ends a walk quietly. */
  *#untilTorn(
    batches: Generator<RecordBatchView>,
  ): Generator<{ batch: RecordBatchView; position: number }> {
    for (;;) {
      const batch = this.#next(batches);
      if (batch === undefined) return;
      const position = this.validBytes;
      this.validBytes += batch.sizeInBytes;
      this.nextOffset = batch.nextOffset;
      yield { batch, position };
    }
  }

  #next(batches: Generator<RecordBatchView>): RecordBatchView | undefined {
    try {
      const result = batches.next();
      return result.done === true ? undefined : result.value;
    } catch (error) {
      if (
        !KopsError.is(error, 'KOPS_BATCH_CORRUPT') &&
        !KopsError.is(error, 'KOPS_MAGIC_UNSUPPORTED')
      )
        throw error;
      this.tornTail = KopsError.locate(error, { segment: this.#key });
      return undefined;
    }
  }

  #torn(problem: string): KopsError {
    return new KopsError(
      'KOPS_BATCH_CORRUPT',
      `after byte ${String(this.validBytes)}: ${problem}`,
      {
        at: { segment: this.#key },
        hint: 'A crash can leave such a tail. Data after this position was never acknowledged.',
      },
    );
  }
}
