import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeObjectStore } from '../contract/index.ts';
import { openFileStore } from './index.ts';

describeObjectStore('file', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'kops-file-store-'));
  return {
    store: await openFileStore(directory),
    dispose: () => rm(directory, { recursive: true, force: true }),
  };
});
