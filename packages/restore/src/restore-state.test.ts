import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RestorePlan } from './plan.ts';
import {
  emptyState,
  firstCheckpoint,
  loadState,
  saveState,
  type RestoreState,
} from './restore-state.ts';

const plan = { digest: 'd1', archive: 'a' } as RestorePlan;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-state-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function someState(): RestoreState {
  const state = emptyState('d1');
  state.topics.set('__proto__', {
    id: null,
    created: true,
    fillConfigs: ['retention.ms'],
    finished: false,
  });
  const open = { sourceStart: 2n ** 60n, targetStart: 3n, count: 4n };
  state.partitions.set('0-1', {
    ...firstCheckpoint(5n),
    mapping: { bytes: 40, open },
    acknowledged: 2n ** 62n,
  });
  state.groups.add('g');
  return state;
}

describe('the state of a restore', () => {
  it('comes back as it was saved and leaves nothing beside it', async () => {
    const path = join(folder, 'deep', 'state.json');
    await saveState(path, someState());
    await saveState(path, someState());
    expect(await loadState(path, plan)).toEqual(someState());
    expect(await readdir(join(folder, 'deep'))).toEqual(['state.json']);
  });

  it('is refused when it is missing, of another plan, or changed', async () => {
    const path = join(folder, 'state.json');
    await expect(loadState(path, plan)).rejects.toMatchObject({ code: 'KOPS_REFUSED' });
    await saveState(path, someState());
    await expect(loadState(path, { ...plan, digest: 'd2' })).rejects.toMatchObject({
      code: 'KOPS_REFUSED',
    });
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('"40"', '"41"').replace('"bytes":40', '"bytes":41'));
    await expect(loadState(path, plan)).rejects.toMatchObject({ code: 'KOPS_OBJECT_CORRUPT' });
    await writeFile(path, text.slice(0, -5));
    await expect(loadState(path, plan)).rejects.toMatchObject({ code: 'KOPS_OBJECT_CORRUPT' });
  });
});
