import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A suite's hooks around each test: vitest's. */
export interface TestHooks {
  readonly beforeEach: (hook: () => Promise<void>) => void;
  readonly afterEach: (hook: () => Promise<void>) => void;
}

/** An empty folder for each test's repository, gone after it. Register it before what writes to it: hooks after a test run in reverse. */
export function repositoryFolder({ beforeEach, afterEach }: TestHooks): () => string {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kops-archiver-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  return () => folder;
}
