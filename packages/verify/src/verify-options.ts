import type { Clock } from '@kops/core';
import type { Archive } from '@kops/repository';

/** How deep to look; each level includes those before it. */
export type VerifyLevel = 'manifest' | 'checksum' | 'structure';

/** How far a verification is. */
export interface VerifyProgress {
  readonly phase: 'manifest' | 'segments' | 'done';
  readonly partitionsDone: number;
  readonly partitions: number;
  /** Segments that were read; 0 at the level `manifest`. */
  readonly segmentsDone: number;
  /** Segments to read. */
  readonly segments: number;
  /** Stored bytes read of `totalBytes`. */
  readonly bytes: number;
  readonly totalBytes: number;
  readonly errors: number;
}

/** What {@link verifyArchive} is asked to do. */
export interface VerifyOptions {
  readonly archive: Archive;
  readonly level: VerifyLevel;
  /**
   * Which segments to read: `2/7` (the second seventh, by a hash of the key: seven runs read all), `5%` or `10GiB` (of the bytes; at
   * least one segment). Which ones depends on their keys alone. Everything else is always checked whole. Default: all.
   */
  readonly subset?: string;
  /** Worker threads that read segments of a file repository; 0 reads in this thread, as other stores always do. Default: cores. */
  readonly workers?: number;
  readonly onProgress?: (progress: VerifyProgress) => void;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}
