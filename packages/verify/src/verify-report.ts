import type { Finding, FindingCounts } from './finding.ts';
import type { VerifyLevel } from './verify-options.ts';

/** A part of a whole. */
export interface Share {
  readonly read: number;
  readonly total: number;
}

/** What a verification found. */
export interface VerifyReport {
  readonly archive: string;
  /** Cluster id. */
  readonly cluster: string;
  /** URL of the repository. */
  readonly repository: string;
  readonly level: VerifyLevel;
  /** `ok`; `damaged`: an error was found (20); `incomplete`: only losses were found (21). */
  readonly status: 'ok' | 'damaged' | 'incomplete';
  /** True when the archive shows no record in any partition, so that there was nothing to read. */
  readonly isEmpty: boolean;
  readonly topics: number;
  readonly partitions: number;
  /** Segments that were read, of those the archive uses; at the level `manifest` none is read. */
  readonly segments: Share;
  /** Stored bytes, likewise. */
  readonly bytes: Share;
  /** The subset as asked for; null for all. */
  readonly subset: string | null;
  /** Batches whose structure was checked. */
  readonly batches: number;
  /** Records that those batches say they hold, control records included. */
  readonly records: number;
  readonly counts: FindingCounts;
  /** The first 10,000, errors before losses before infos. */
  readonly findings: readonly Finding[];
  /** Label. ISO 8601, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
}
