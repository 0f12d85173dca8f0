import type { Offset } from '@kops/core';
import type { MappingWriter } from './mapping-file.ts';
import type { Omission, Piece, SourceRun } from './piece.ts';
import type { Checkpoint, PartitionCounters } from './restore-state.ts';

/** What stays of a piece once it was built. */
export interface SentPiece {
  readonly base: Offset;
  readonly runs: readonly SourceRun[];
  readonly count: number;
  readonly sourceEnd: Offset;
  readonly bytes: number;
  readonly reencoded: boolean;
  /** Left out between the piece before and this one. */
  readonly omissions: readonly Omission[];
}

/** What stays of a piece. */
export function sentPiece(
  piece: Piece,
  base: Offset,
  bytes: number,
  omissions: readonly Omission[],
): SentPiece {
  const { runs, count, sourceEnd, reencoded } = piece;
  return { base, runs, count, sourceEnd, bytes, reencoded, omissions };
}

/** Follows what is on the target for certain: mapping, counters and the checkpoint. */
export class PartitionProgress {
  readonly mapping: MappingWriter;
  #checkpoint: Checkpoint;
  #source: Offset;
  #target: Offset;
  #counters: PartitionCounters;

  constructor(start: Checkpoint, mapping: MappingWriter) {
    this.mapping = mapping;
    this.#checkpoint = start;
    this.#source = start.sourceFrom;
    this.#target = start.targetFrom;
    this.#counters = start.counters;
  }

  /** Before the last piece; its mapping is durable once the writer was flushed. */
  get checkpoint(): Checkpoint {
    return this.#checkpoint;
  }

  /** Log end of the target as far as it is confirmed. */
  get target(): Offset {
    return this.#target;
  }

  /** Takes note of a piece that is on the target. */
  confirm(piece: SentPiece): void {
    const target = piece.base + BigInt(piece.count);
    this.#checkpoint = {
      sourceFrom: this.#source,
      targetFrom: this.#target,
      acknowledged: target,
      counters: this.#counters,
      mapping: this.mapping.position,
      filled: false,
    };
    let targetStart = piece.base;
    for (const { start, count } of piece.runs) {
      this.mapping.append({ sourceStart: start, targetStart, count: BigInt(count) });
      targetStart += BigInt(count);
    }
    this.#counters = countPiece(this.#counters, piece);
    this.#source = piece.sourceEnd;
    this.#target = target;
  }

  /** The checkpoint of a partition that is complete. Its mapping is finished and durable when this resolves. */
  async finish(sourceEnd: Offset, trailing: readonly Omission[]): Promise<Checkpoint> {
    await this.mapping.finish(this.#target);
    this.#checkpoint = {
      sourceFrom: sourceEnd,
      targetFrom: this.#target,
      acknowledged: this.#target,
      counters: countOmissions(this.#counters, trailing),
      mapping: this.mapping.position,
      filled: true,
    };
    return this.#checkpoint;
  }
}

function countPiece(counters: PartitionCounters, piece: SentPiece): PartitionCounters {
  const counted = countOmissions(counters, piece.omissions);
  return {
    ...counted,
    records: counted.records + piece.count,
    bytes: counted.bytes + piece.bytes,
    batches: counted.batches + 1,
    reencodedBatches: counted.reencodedBatches + (piece.reencoded ? 1 : 0),
  };
}

function countOmissions(
  counters: PartitionCounters,
  omissions: readonly Omission[],
): PartitionCounters {
  const counted = { ...counters };
  for (const { reason, count } of omissions) counted[reason] += count;
  return counted;
}
