import type { Coordinates, ErrorCode } from '@kops/core';

/** `error`: damage, or content that differs. `loss`: what the archive says it lacks. `info`: normal, but worth knowing. */
export type Severity = 'error' | 'loss' | 'info';

/** One thing that was found. Damage is a finding, never an end of the walk. */
export interface Finding {
  readonly severity: Severity;
  readonly code: ErrorCode;
  readonly message: string;
  /** Where: archive, topic, partition, segment, offset and object, as far as they are known. */
  readonly at: Coordinates;
}

/** How many findings there were, whether or not they are listed. */
export interface FindingCounts {
  readonly error: number;
  readonly loss: number;
  readonly info: number;
}
