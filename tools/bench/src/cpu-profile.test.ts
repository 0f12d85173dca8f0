import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readProfiles, selfTimes, type CpuProfile } from './cpu-profile.ts';

const frame = (
  id: number,
  functionName: string,
  url: string,
  lineNumber: number,
): CpuProfile['nodes'][number] => ({ id, callFrame: { functionName, url, lineNumber } });

const profile: CpuProfile = {
  nodes: [
    frame(1, '(idle)', '', -1),
    frame(2, 'crc32c', 'file:///home/me/kops/packages/record-batch/dist/crc32c.js', 9),
    frame(3, '', 'node:internal/streams', 4),
    // The same function, reached another way.
    frame(4, 'crc32c', 'file:///home/me/kops/packages/record-batch/dist/crc32c.js', 9),
  ],
  samples: [1, 2, 3, 4, 2],
  timeDeltas: [1000, 2000, 500, 3000, 4000],
};

describe('selfTimes', () => {
  it('adds up a function however it was reached, largest first', () => {
    expect(selfTimes(profile)).toEqual([
      { name: 'crc32c', place: 'packages/record-batch/dist/crc32c.js:10', ms: 9 },
      { name: '(idle)', place: '', ms: 1 },
      { name: '(anonymous)', place: 'node:internal/streams:5', ms: 0.5 },
    ]);
  });
});

describe('readProfiles', () => {
  it('takes process and thread from the names, and leaves other files alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kops-profile-test-'));
    try {
      await writeFile(
        join(folder, 'CPU.20200102.030405.4711.2.003.cpuprofile'),
        JSON.stringify(profile),
      );
      await writeFile(join(folder, 'notes.txt'), 'nothing');
      expect(await readProfiles(folder)).toEqual([{ pid: 4711, thread: 2, profile }]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
