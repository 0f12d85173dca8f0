import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeadLetterFiles, readDeadLetters, type DeadLetter } from './dead-letter.ts';

let directory: string;

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'kops-letters-')), 'dead-letters');
});
afterEach(async () => {
  await rm(join(directory, '..'), { recursive: true });
});

const letterOf = (segment: string, offset: number): DeadLetter => ({
  ...{ archive: 'a1', topic: 'orders', partition: 0, offset: String(offset), segment },
  ...{ id: `l.0.${String(offset)}`, index: 'i', status: 400, type: 'x', reason: 'y' },
});

let spools = 0;
async function spoolOf(segment: string, offsets: readonly number[]): Promise<string> {
  const path = join(directory, `${String(++spools)}.spool`);
  await writeFile(
    path,
    offsets.map((offset) => `${JSON.stringify(letterOf(segment, offset))}\n`).join(''),
  );
  return path;
}

const range = (from: number, to: number) => ({ from: BigInt(from), to: BigInt(to) });

async function listed(): Promise<string[]> {
  const found = await Array.fromAsync(readDeadLetters(directory));
  return found.map(({ segment, offset }) => `${segment}/${offset}`).sort();
}

describe('dead letters', () => {
  it('are there once, however often a segment is indexed, and gone when it went well', async () => {
    expect(await listed()).toEqual([]);
    const files = await DeadLetterFiles.open(directory);
    expect(await files.replace('s', range(0, 100), undefined)).toBe(0);
    expect(await readdir(directory)).toEqual([]);
    const counts = await Promise.all([
      files.replace('s', range(0, 50), await spoolOf('s', [3, 4])),
      files.replace('s', range(50, 100), await spoolOf('s', [51])),
      files.replace('t', range(0, 100), await spoolOf('t', [3])),
    ]);
    expect(counts).toEqual([2, 3, 1]);
    expect(await files.replace('s', range(0, 50), await spoolOf('s', [4]))).toBe(2);
    expect(await listed()).toEqual(['s/4', 's/51', 't/3']);
    expect(await files.replace('s', range(40, 100), undefined)).toBe(1);
    expect(await files.replace('s', range(0, 40), undefined)).toBe(0);
    expect(await listed()).toEqual(['t/3']);
    expect(await readdir(directory)).toHaveLength(1);
  });

  it('are kept over a restart, without what a killed process was about to write', async () => {
    const files = await DeadLetterFiles.open(directory);
    await files.replace('s', range(0, 50), await spoolOf('s', [3]));
    await spoolOf('s', [4]);
    const again = await DeadLetterFiles.open(directory);
    expect(await readdir(directory)).toHaveLength(1);
    expect(await again.replace('s', range(3, 4), undefined)).toBe(0);
    expect(await listed()).toEqual([]);
  });
});
