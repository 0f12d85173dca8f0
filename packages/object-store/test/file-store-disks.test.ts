import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFileStore } from '../src/file/index.ts';
import { startChild } from './child-process.ts';

const isRoot = process.getuid?.() === 0;
const userNobody = '65534';

let directory: string;
let mounted = false;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kops-disk-'));
});
afterEach(async () => {
  if (mounted) execFileSync('umount', [directory]);
  mounted = false;
  await rm(directory, { recursive: true, force: true });
});

/** Mounts a small disk in memory over the directory; says why it cannot. */
function mountSmallDisk(): string | undefined {
  if (!isRoot) return 'mounting a small disk needs root';
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory], { stdio: 'pipe' });
  } catch (error) {
    return `no small disk can be mounted here: ${String(error)}`;
  }
  mounted = true;
  return undefined;
}

async function keysOf(listing: AsyncIterable<{ key: string }>): Promise<string[]> {
  const keys = [];
  for await (const { key } of listing) keys.push(key);
  return keys;
}

describe('file store, disks', () => {
  it('says that the disk is full, keeps what is there and continues when there is space', async (context) => {
    const reason = mountSmallDisk();
    if (reason !== undefined) context.skip(reason);
    const store = await openFileStore(directory);
    await store.putIfAbsent('ballast', new Uint8Array(400_000).fill(1));
    const writer = await store.openWriter('segments/1.log');
    await writer.append([new Uint8Array(300_000).fill(2)]);
    await writer.sync();
    expect(await store.freeBytes()).toBeLessThan(400_000n);

    const full = { code: 'KOPS_NO_SPACE', exitCode: 32, at: { object: 'segments/1.log' } };
    const tooMuch = [new Uint8Array(200_000).fill(3), new Uint8Array(300_000).fill(3)];
    await expect(writer.append(tooMuch)).rejects.toMatchObject(full);
    // The writer is broken for good, also when there would be space again.
    await store.delete('ballast');
    await expect(writer.append([new Uint8Array(1)])).rejects.toMatchObject(full);
    await expect(writer.publish()).rejects.toMatchObject(full);
    await writer.suspend();
    const part: Uint8Array[] = [];
    for await (const piece of store.readPart('segments/1.log')) part.push(piece.slice());
    expect(
      Buffer.concat(part)
        .subarray(0, 300_000)
        .every((byte) => byte === 2),
    ).toBe(true);

    await store.deletePart('segments/1.log');
    const large = new Uint8Array(900_000).fill(4);
    expect(await store.putIfAbsent('large', large)).toBe('created');
    await expect(store.putIfAbsent('larger', large)).rejects.toMatchObject({
      code: 'KOPS_NO_SPACE',
      at: { object: 'larger' },
    });
    expect(await keysOf(store.list(''))).toEqual(['large']);
    expect(await keysOf(store.listParts(''))).toEqual([]);
    expect(Buffer.from(await store.get('large')).equals(Buffer.from(large))).toBe(true);
  });

  it('reads a disk that is mounted read-only, and says that it cannot be written', async (context) => {
    const reason = mountSmallDisk();
    if (reason !== undefined) context.skip(reason);
    const store = await openFileStore(directory);
    await store.putIfAbsent('dir/k', Buffer.from('content'));
    execFileSync('mount', ['-o', 'remount,ro', directory]);
    expect(Buffer.from(await store.get('dir/k')).toString()).toBe('content');
    expect(await keysOf(store.list(''))).toEqual(['dir/k']);
    const denied = (key: string): object => ({
      code: 'KOPS_ACCESS_DENIED',
      exitCode: 31,
      at: { object: key },
    });
    await expect(store.putIfAbsent('dir/new', new Uint8Array(1))).rejects.toMatchObject(
      denied('dir/new'),
    );
    await expect(store.openWriter('other/new')).rejects.toMatchObject(denied('other/new'));
    await expect(store.delete('dir/k')).rejects.toMatchObject(denied('dir/k'));
    expect(await store.putIfAbsent('dir/k', new Uint8Array(1))).toBe('exists');
  });

  it('does not take a disk that was unmounted for an empty repository', async (context) => {
    const reason = mountSmallDisk();
    if (reason !== undefined) context.skip(reason);
    await mkdir(join(directory, 'repository'));
    const store = await openFileStore(join(directory, 'repository'));
    await store.putIfAbsent('dir/k', Buffer.from('content'));
    execFileSync('umount', [directory]);
    mounted = false;
    const gone = { code: 'KOPS_REPOSITORY_NOT_FOUND' };
    await expect(store.head('dir/k')).rejects.toMatchObject(gone);
    await expect(store.get('dir/k')).rejects.toMatchObject(gone);
    await expect(keysOf(store.list(''))).rejects.toMatchObject(gone);
    await expect(store.putIfAbsent('dir/new', new Uint8Array(1))).rejects.toMatchObject(gone);
    await expect(store.openWriter('dir/new')).rejects.toMatchObject(gone);
  });

  it('names the object that the user may not read or write', async (context) => {
    if (!isRoot) context.skip('taking another user needs root');
    await mkdir(join(directory, 'locked'));
    await writeFile(join(directory, 'locked', 'k'), 'x');
    await writeFile(join(directory, 'k'), 'x');
    await chmod(join(directory, 'locked'), 0o700);
    await chmod(directory, 0o755);
    const child = startChild('try-everything.ts', [directory, userNobody]);
    const lines: string[] = [];
    for await (const line of child.lines) lines.push(line);
    expect(await child.ended).toBe(0);
    expect(lines).toEqual([
      'get: KOPS_ACCESS_DENIED locked/k',
      'put: KOPS_ACCESS_DENIED new',
      'open: KOPS_ACCESS_DENIED new',
      'delete: KOPS_ACCESS_DENIED k',
      'list: KOPS_ACCESS_DENIED -',
    ]);
  });
});
