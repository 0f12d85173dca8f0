import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it, vi } from 'vitest';
import type { SandboxBroker } from '../src/index.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly folder: string;
}

async function startInAnotherProcess(): Promise<Started> {
  const child = spawn(process.execPath, ['--conditions=@kops/source', main, 'start'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const [broker] = (JSON.parse(line) as { brokers: SandboxBroker[] }).brokers;
    if (broker?.pid === undefined) break;
    expect(isAlive(broker.pid)).toBe(true);
    expect(existsSync(broker.logDir)).toBe(true);
    return { child, pid: broker.pid, folder: dirname(dirname(broker.logDir)) };
  }
  throw new Error('no broker was started');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it('a broker and its files are gone after its parent was killed', async () => {
  const { child, pid, folder } = await startInAnotherProcess();
  child.kill('SIGKILL');
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 5_000 });
  await vi.waitFor(() => expect(existsSync(folder)).toBe(false), { timeout: 5_000 });
});

it('so is a frozen broker, which no polite signal reaches', async () => {
  const { child, pid, folder } = await startInAnotherProcess();
  process.kill(pid, 'SIGSTOP');
  child.kill('SIGKILL');
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 5_000 });
  await vi.waitFor(() => expect(existsSync(folder)).toBe(false), { timeout: 5_000 });
});

it.each([
  ['SIGTERM', (child: ChildProcess) => child.kill('SIGTERM')],
  ['SIGINT', (child: ChildProcess) => child.kill('SIGINT')],
  ['the end of input', (child: ChildProcess) => child.stdin?.end()],
])('the foreground program ends with 0 and leaves nothing after %s', async (_name, end) => {
  const { child, pid, folder } = await startInAnotherProcess();
  const exited = new Promise((resolve) => child.once('exit', resolve));
  end(child);
  expect(await exited).toBe(0);
  expect(isAlive(pid)).toBe(false);
  expect(existsSync(folder)).toBe(false);
});
