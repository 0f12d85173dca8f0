import type { Coordinates, ErrorCode } from '@kops/core';
import type { PieceOutcome } from './worker/worker-messages.ts';

/** Something that could not be indexed, because the repository is damaged there. */
export interface FailedPart {
  readonly archive: string;
  /** Object key; absent where the archive's manifest or a list is damaged. */
  readonly segment?: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** What {@link Indexer.retire} took out of the catalog. */
export interface RetireReport {
  readonly archives: readonly string[];
  readonly segments: number;
  readonly records: number;
}

/** What one look at the commit log did. */
export interface IndexReport {
  /** Archives whose document was written. */
  readonly archives: readonly string[];
  /** Archives of which something is damaged; their document is written, too. */
  readonly incomplete: readonly string[];
  /** Segments of which something was written. */
  readonly segments: number;
  /** Records that a consumer sees: each has a document, was dropped by a pipeline, or is a dead letter. */
  readonly records: number;
  readonly created: number;
  /** Were in the catalog before. */
  readonly updated: number;
  readonly dropped: number;
  readonly rejected: number;
  /** Bytes of bulk requests. */
  readonly bytes: number;
  /** Parts of bulk requests that were sent again. */
  readonly retries: number;
  readonly failed: readonly FailedPart[];
  readonly retired: RetireReport;
}

const sums = ['records', 'created', 'updated', 'dropped', 'rejected', 'bytes', 'retries'] as const;

/** Adds up what happens into a report. */
export class ReportBuilder {
  readonly archives: string[] = [];
  readonly incomplete: string[] = [];
  readonly failed: FailedPart[] = [];
  readonly #segments = new Set<string>();
  readonly #sums = {
    records: 0,
    created: 0,
    updated: 0,
    dropped: 0,
    rejected: 0,
    bytes: 0,
    retries: 0,
  };
  retired: RetireReport = { archives: [], segments: 0, records: 0 };

  get records(): number {
    return this.#sums.records;
  }

  get rejected(): number {
    return this.#sums.rejected;
  }

  addPiece(segment: string, outcome: PieceOutcome): void {
    this.#segments.add(segment);
    for (const name of sums) this.#sums[name] += outcome[name];
  }

  addFailure(
    { code, message }: { readonly code: ErrorCode; readonly message: string },
    at: Coordinates & { readonly archive: string },
  ): void {
    const { archive, segment, topic, partition } = at;
    this.failed.push({
      archive,
      ...(segment === undefined ? {} : { segment }),
      ...(topic === undefined ? {} : { topic }),
      ...(partition === undefined ? {} : { partition }),
      code,
      message,
    });
  }

  build(): IndexReport {
    const { archives, incomplete, failed, retired } = this;
    return { archives, incomplete, segments: this.#segments.size, ...this.#sums, failed, retired };
  }
}
