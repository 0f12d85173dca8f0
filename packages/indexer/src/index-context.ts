import type { RecordPolicy } from '@kops/catalog';
import type { Repository } from '@kops/repository';
import type { ActivityMeter } from './activity.ts';
import type { WithCatalog } from './catalog-work.ts';
import type { DeadLetterFiles } from './dead-letter.ts';
import type { ReportBuilder } from './index-report.ts';
import type { StateFile } from './state/state-file.ts';
import type { WorkerPool } from './worker/worker-pool.ts';

/** What one pass works with. */
export interface IndexContext {
  readonly repository: Repository;
  readonly state: StateFile;
  readonly deadLetters: DeadLetterFiles;
  readonly pool: WorkerPool;
  readonly policyOf: (topic: string) => RecordPolicy;
  /** Fingerprint of a topic's rules. */
  readonly rulesOf: (topic: string) => string;
  readonly pieceBytes: number;
  readonly maxTasks: number;
  readonly report: ReportBuilder;
  readonly meter: ActivityMeter;
  readonly signal: AbortSignal | undefined;
  /** Runs work that needs Elasticsearch, again and again while it cannot be reached. */
  readonly withCatalog: WithCatalog;
}
