import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFileStore } from '../src/file/index.ts';
import { startChild } from './child-process.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kops-file-store-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function contentOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

describe('file store, several processes', () => {
  it('leaves whole objects and parts with all that was synced when a writer is killed', async () => {
    const child = startChild('write-until-killed.ts', [directory]);
    let synced = 0;
    for await (const line of child.lines) {
      synced = Number(line);
      if (synced >= 500_000) break;
    }
    child.process.kill('SIGKILL');
    expect(await child.ended).toBe('SIGKILL');

    const store = await openFileStore(directory);
    const commits = [];
    for await (const { key } of store.list('')) {
      commits.push(key);
      const name = key.slice('commits/'.length, -'.json'.length);
      expect(Buffer.from(await store.get(key)).toString()).toBe(name.repeat(5000));
    }
    expect(commits.length).toBeGreaterThanOrEqual(synced / 20_000 - 1);

    const key = 'segments/1/00000000000000000000.log';
    const parts = [];
    for await (const info of store.listParts('segments/')) parts.push(info.key);
    expect(parts).toEqual([key]);
    const kept = await contentOf(store.readPart(key));
    expect(kept.length).toBeGreaterThanOrEqual(synced);
    const expected = Buffer.alloc(kept.length);
    for (let at = 0; at < kept.length; at += 20_000) {
      expected.fill((at / 20_000) & 0xff, at, Math.min(at + 20_000, kept.length));
    }
    expect(kept.equals(expected)).toBe(true);
  });

  it('puts anew what a killed put left unfinished', async () => {
    await mkdir(join(directory, 'commits'));
    await writeFile(join(directory, 'commits', '1.json.00112233aabbccdd.part'), 'half');
    await writeFile(join(directory, 'commits', '1.json.part'), 'half');
    const store = await openFileStore(directory);
    expect(await store.putIfAbsent('commits/1.json', Buffer.from('whole'))).toBe('created');
    expect(Buffer.from(await store.get('commits/1.json')).toString()).toBe('whole');
    const parts = [];
    for await (const { key } of store.listParts('')) parts.push(key);
    expect(parts.sort()).toEqual(['commits/1.json', 'commits/1.json.00112233aabbccdd']);
    for (const key of parts) await store.deletePart(key);
    expect((await store.listParts('')[Symbol.asyncIterator]().next()).done).toBe(true);
  });

  it('tells one of several racing processes that it created an object', async () => {
    const count = 200;
    const names = ['one', 'two', 'three'];
    const children = names.map((name) =>
      startChild('race-puts.ts', [directory, name, String(count)]),
    );
    // All begin at the same moment, however long each took to start.
    for (const { lines } of children) expect((await lines.next()).value).toBe('ready');
    for (const { go } of children) go();
    const answers = await Promise.all(
      children.map(async (child) => {
        const lines: string[] = [];
        for await (const line of child.lines) lines.push(line);
        expect(await child.ended).toBe(0);
        return lines;
      }),
    );
    const store = await openFileStore(directory);
    const winners = new Set<string>();
    for (let at = 0; at < count; at++) {
      const told = answers.map((lines) => lines[at]);
      expect([...told].sort()).toEqual(['created', 'exists', 'exists']);
      const winner = names[told.indexOf('created')] ?? '';
      winners.add(winner);
      const key = `commits/0/${String(at).padStart(20, '0')}.json`;
      expect(Buffer.from(await store.get(key)).toString()).toBe(winner);
    }
    // Otherwise nobody raced and the test shows nothing.
    expect(winners.size).toBeGreaterThan(1);
    expect((await store.listParts('')[Symbol.asyncIterator]().next()).done).toBe(true);
  });
});
