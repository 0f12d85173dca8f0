import { link, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { linkOnce } from './link-once.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kops-link-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** As NFS does when the first answer was lost: the link is made, and the repeated request finds it. */
async function linkWithLostAnswer(from: string, to: string): Promise<void> {
  await link(from, to);
  await link(from, to);
}

describe('linkOnce', () => {
  it('succeeds when the server answers EEXIST to a link that it made', async () => {
    const [from, to] = [join(directory, 'k.part'), join(directory, 'k')];
    await writeFile(from, 'ours');
    await expect(linkWithLostAnswer(from, join(directory, 'control'))).rejects.toThrow('EEXIST');
    await linkOnce(from, to, linkWithLostAnswer);
    expect(await readFile(to, 'utf8')).toBe('ours');
  });

  it('fails with EEXIST when another file has the name, and leaves that', async () => {
    const [from, to] = [join(directory, 'k.part'), join(directory, 'k')];
    await writeFile(from, 'same bytes');
    await writeFile(to, 'same bytes');
    await expect(linkOnce(from, to)).rejects.toMatchObject({ code: 'EEXIST' });
    await writeFile(to, 'theirs');
    await expect(linkOnce(from, to)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readFile(to, 'utf8')).toBe('theirs');
  });

  it('passes what else the system answers', async () => {
    await expect(linkOnce(join(directory, 'none'), join(directory, 'k'))).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });
});
