import type { SegmentEntry } from '@kops/archive-format';
import type { SegmentOutcome } from './check-segment.ts';

/** What a worker thread is started with. */
export interface WorkerSettings {
  /** URL of a file repository. */
  readonly url: string;
  readonly structure: boolean;
}

/** Segments to read, one after the other. */
export interface WorkerTask {
  readonly id: number;
  readonly segments: readonly SegmentEntry[];
}

/** What a worker thread says. */
export type WorkerAnswer =
  | { readonly type: 'bytes'; readonly bytes: number }
  | { readonly type: 'done'; readonly id: number; readonly outcomes: readonly SegmentOutcome[] }
  | {
      readonly type: 'failed';
      readonly id: number;
      readonly code: string;
      readonly message: string;
    };
