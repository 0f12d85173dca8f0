import { systemClock, type Clock } from '@kops/core';
import type { SegmentOutcome } from './check-segment.ts';
import type { FindingLog } from './finding-log.ts';
import type { SegmentSelection } from './select-segments.ts';
import type { VerifyOptions, VerifyProgress } from './verify-options.ts';

/** Between two reports of progress, in ms. */
const interval = 200;

/** Counts what was done and tells it now and then. */
export class VerifyMeter {
  segmentsDone = 0;
  bytesRead = 0;
  batches = 0;
  records = 0;
  #partitionsDone = 0;
  #phase: VerifyProgress['phase'] = 'manifest';
  #lastReport = 0;
  readonly #partitions: number;
  readonly #options: VerifyOptions;
  readonly #log: FindingLog;
  readonly #selection: SegmentSelection;
  readonly #clock: Clock;

  constructor(options: VerifyOptions, log: FindingLog, selection: SegmentSelection) {
    this.#options = options;
    this.#log = log;
    this.#selection = selection;
    this.#clock = options.clock ?? systemClock;
    const { topics } = options.archive.manifest;
    this.#partitions = topics.reduce((sum, { partitions }) => sum + partitions.length, 0);
  }

  enter(phase: VerifyProgress['phase']): void {
    this.#phase = phase;
    this.#report();
  }

  addPartition(): void {
    this.#partitionsDone++;
    this.#reportIfDue();
  }

  addBytes(bytes: number): void {
    this.bytesRead += bytes;
    this.#reportIfDue();
  }

  addSegment({ batches, records }: SegmentOutcome): void {
    this.segmentsDone++;
    this.batches += batches;
    this.records += records;
    this.#reportIfDue();
  }

  #reportIfDue(): void {
    if (this.#options.onProgress === undefined) return;
    if (this.#clock.monotonic() - this.#lastReport >= interval) this.#report();
  }

  #report(): void {
    this.#lastReport = this.#clock.monotonic();
    this.#options.onProgress?.({
      phase: this.#phase,
      partitionsDone: this.#partitionsDone,
      partitions: this.#partitions,
      segmentsDone: this.segmentsDone,
      segments: this.#options.level === 'manifest' ? 0 : this.#selection.selectedSegments,
      bytes: this.bytesRead,
      totalBytes: this.#options.level === 'manifest' ? 0 : this.#selection.selectedBytes,
      errors: this.#log.counts.error,
    });
  }
}
