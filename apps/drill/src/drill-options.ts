import type { Clock, Logger } from '@kops/core';
import type { KafkaOptions } from '@kops/kafka';
import type { Archive } from '@kops/repository';
import type { FreeBytes } from '@kops/service';

/** Where a drill gets its Kafka from. */
export type SandboxKind = 'testcontainers' | 'jvm' | 'external';

/** How far a drill is. */
export interface DrillProgress {
  readonly phase: 'sandbox' | 'restore' | 'compare' | 'self-test' | 'cleanup' | 'done';
  /** For people: what is being done. */
  readonly message: string;
  readonly records: number;
  /** Of the phase; 0 where unknown. */
  readonly totalRecords: number;
}

/** What an operator promised, in ms; a drill that measures more ends with exit code 22. */
export interface DrillObjectives {
  readonly rpoMs?: number;
  readonly rtoMs?: number;
}

/** What {@link runDrill} is asked to do. */
export interface DrillOptions {
  readonly archive: Archive;
  /** Default: `testcontainers` where a Docker engine answers, else `jvm`. */
  readonly sandbox?: SandboxKind;
  /** The cluster of the sandbox `external`; refused with the others. */
  readonly kafka?: KafkaOptions;
  /** Names and globs; default all that are not internal. */
  readonly topics?: readonly string[];
  /** Where `drill-<archive>.json` and `.txt` are written; made if absent. */
  readonly reportDir: string;
  readonly objectives?: DrillObjectives;
  /** Also proves that the comparison can fail. Default false. */
  readonly selfTest?: boolean;
  readonly onProgress?: (progress: DrillProgress) => void;
  readonly signal?: AbortSignal;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** Free space of a directory; that of its file system unless a test says otherwise. */
  readonly freeBytes?: FreeBytes;
}
