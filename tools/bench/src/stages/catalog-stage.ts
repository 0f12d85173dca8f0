import type { RecordLevel } from '@kops/catalog';

/** What scripts are told that fill an index. */
export interface CatalogStage {
  readonly folder: string;
  readonly repository: string;
  readonly topic: string;
  /** URL of the server. */
  readonly node: string;
  /** Of the indices, which are this script's own. */
  readonly prefix: string;
  readonly level: Exclude<RecordLevel, 'none'>;
}
