import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadState, StateFile } from './state-file.ts';
import type { IndexState, SegmentState } from './index-state.ts';

let directory: string;
let path: string;
const repository = 'ab'.repeat(16);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kops-state-'));
  path = join(directory, 'state.ndjson');
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

function segmentOf(segment: string, to = 10n): SegmentState {
  return {
    ...{ segment, archive: 'a1', documented: true, cluster: 'c', topicId: 't', topic: 'orders' },
    ...{ partition: 1, order: 3, documents: 7, deadLetters: 0 },
    covered: [{ from: 0n, to }],
    written: [{ from: 0n, to: 2n ** 62n }],
  };
}

const contentOf = ({ archives, segments }: IndexState) => ({
  archives: [...archives.values()],
  segments: [...segments.values()],
});

const load = async () => contentOf((await loadState(path, repository)).state);

describe('a state', () => {
  it('is empty where there is none, and reading it makes none', async () => {
    expect(await load()).toEqual({ archives: [], segments: [] });
    expect(await readdir(directory)).toEqual([]);
  });

  it('is what was recorded, when it is opened again', async () => {
    const failed = {
      ...segmentOf('s2'),
      failure: { code: 'KOPS_BATCH_CORRUPT', message: 'bad' } as const,
    };
    {
      await using file = await StateFile.open(path, repository);
      await file.record([{ archive: { archive: 'a1', status: 'begun' } }]);
      await Promise.all([
        file.record([{ segment: segmentOf('s1') }]),
        file.record([{ segment: failed }, { segment: segmentOf('s3') }]),
        file.record([{ forgetSegment: 's3' }, { segment: segmentOf('s1', 20n) }]),
      ]);
      await file.record([{ archive: { archive: 'a1', status: 'done' } }]);
    }
    const expected = {
      archives: [{ archive: 'a1', status: 'done' }],
      segments: [segmentOf('s1', 20n), failed],
    };
    expect(await load()).toEqual(expected);
    await using file = await StateFile.open(path, repository);
    expect(contentOf(file.state)).toEqual(expected);
    expect(file.state.nextOrder()).toBe(4);
    await file.clear();
    expect(await load()).toEqual({ archives: [], segments: [] });
  });

  it('is whole up to where a crash tore the last line, wherever that was', async () => {
    {
      await using file = await StateFile.open(path, repository);
      await file.record([{ segment: segmentOf('s1') }]);
      await file.record([{ segment: segmentOf('s2') }]);
    }
    const bytes = await readFile(path);
    const lines = bytes.toString().split('\n');
    const before = lines[0]!.length + lines[1]!.length + 2;
    for (let length = before; length < bytes.length; length++) {
      await writeFile(path, bytes.subarray(0, length));
      expect((await load()).segments).toEqual([segmentOf('s1')]);
      {
        await using file = await StateFile.open(path, repository);
        await file.record([{ segment: segmentOf('s4') }]);
      }
      expect((await load()).segments).toEqual([segmentOf('s1'), segmentOf('s4')]);
    }
    // The line is there, and some of its bytes never came to the disk.
    await writeFile(path, Buffer.from(bytes).fill(0, before + 10, before + 20));
    expect((await load()).segments).toEqual([segmentOf('s1')]);
    // Nothing but half a header: as if there had been nothing.
    await writeFile(path, bytes.subarray(0, 10));
    expect((await load()).segments).toEqual([]);
  });

  it('that is damaged elsewhere, of another repository or of a later release is refused', async () => {
    {
      await using file = await StateFile.open(path, repository);
      await file.record([{ segment: segmentOf('s1') }]);
    }
    await expect(loadState(path, 'cd'.repeat(16))).rejects.toMatchObject({
      code: 'KOPS_OBJECT_CORRUPT',
    });
    await appendFile(path, '[{"segment":{}}]\n[]\n');
    await expect(StateFile.open(path, repository)).rejects.toMatchObject({
      code: 'KOPS_OBJECT_CORRUPT',
      message: expect.stringContaining('line 3') as string,
    });
    await writeFile(path, `${JSON.stringify({ version: 2, repository })}\n`);
    await expect(loadState(path, repository)).rejects.toMatchObject({
      code: 'KOPS_FORMAT_UNSUPPORTED',
    });
  });

  it('is written anew when most of it is of the past', async () => {
    await using file = await StateFile.open(path, repository);
    const many = Array.from({ length: 6000 }, (_, n) => ({
      segment: segmentOf('s1', BigInt(n + 1)),
    }));
    await file.record(many);
    await file.record(many);
    expect((await readFile(path)).byteLength).toBeGreaterThan(1_000_000);
    await file.record([{ segment: segmentOf('s2') }]);
    expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(4);
    await file.record([{ segment: segmentOf('s3') }]);
    expect((await load()).segments.map(({ segment }) => segment)).toEqual(['s1', 's2', 's3']);
    expect(await readdir(directory)).toEqual(['state.ndjson']);
  });
});
