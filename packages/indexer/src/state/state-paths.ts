import { join } from 'node:path';

/** Files of one repository's indexer. */
export interface StatePaths {
  readonly lock: string;
  readonly state: string;
  /** Folder of the dead letters. */
  readonly deadLetters: string;
}

export function statePaths(folder: string): StatePaths {
  return {
    lock: join(folder, 'lock'),
    state: join(folder, 'state.ndjson'),
    deadLetters: join(folder, 'dead-letters'),
  };
}
