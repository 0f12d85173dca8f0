import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Credentials, NodeAccess } from '../src/index.ts';
import { installationOrReason, isAlive, request, type Found } from './rest.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const found = await installationOrReason();

interface Started {
  readonly child: ChildProcess;
  readonly access: NodeAccess & { readonly credentials: Credentials };
  readonly pid: number;
  readonly folder: string;
}

describe.skipIf(typeof found === 'string')('the foreground program', () => {
  const children: ChildProcess[] = [];
  let data: string;

  beforeEach(async () => {
    data = await mkdtemp(join('/tmp', 'kops-elasticsearch-data-'));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await rm(data, { recursive: true, force: true, maxRetries: 10 });
  });

  const start = async (): Promise<Started> => {
    const args = ['--conditions=@kops/source', main, 'start', '--security', '--data', data];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    for await (const line of createInterface({ input: child.stdout })) {
      const { url, username, password, pid, logFile } = JSON.parse(line);
      expect(isAlive(pid)).toBe(true);
      const access = { url, credentials: { username, password } };
      return { child, access, pid, folder: dirname(logFile) };
    }
    throw new Error('no server was started');
  };

  it('lets nobody in without the password, keeps the data it was told to keep, and leaves nothing else', async () => {
    const first = await start();
    const { url, credentials } = first.access;
    expect((await request({ url }, 'GET', '/')).status).toBe(401);
    const wrong = { url, credentials: { ...credentials, password: 'wrong' } };
    expect((await request(wrong, 'GET', '/')).status).toBe(401);
    const written = await request(first.access, 'PUT', '/kept/_doc/1?refresh=true', { a: 1 });
    expect(written.status, JSON.stringify(written.body)).toBe(201);
    const exited = new Promise((resolve) => first.child.once('exit', resolve));
    first.child.stdin?.end();
    expect(await exited).toBe(0);
    expect(isAlive(first.pid)).toBe(false);
    expect(existsSync(first.folder)).toBe(false);

    const second = await start();
    const { body } = await request<Found>(second.access, 'GET', '/kept/_search');
    expect(body.hits.hits.map((hit) => hit._source)).toEqual([{ a: 1 }]);
    // A frozen server, which no polite signal reaches, and a parent that cannot clean up.
    process.kill(second.pid, 'SIGSTOP');
    second.child.kill('SIGKILL');
    await vi.waitFor(() => expect(isAlive(second.pid)).toBe(false), { timeout: 30_000 });
    await vi.waitFor(() => expect(existsSync(second.folder)).toBe(false), { timeout: 10_000 });
    expect(await readdir(data)).not.toEqual([]);
  });
});
