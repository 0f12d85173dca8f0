import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { KopsError, systemClock, toKopsError, type Clock } from '@kops/core';

/** How often an owner says that it is alive. */
const heartbeatMs = 10_000;

/** After this long without a sign, an owner on another host is taken for dead. */
const silentMs = 60_000;

interface LockOwner {
  readonly token: string;
  readonly host: string;
  readonly pid: number;
  /** When the process started, in the system's own count: a process id is given again. */
  readonly started: string;
}

/** That a state directory has one owner at a time. A lock that a dead process left does not hold. */
export class StateLock implements AsyncDisposable {
  readonly #path: string;
  readonly #token: string;
  readonly #timer: NodeJS.Timeout;

  private constructor(path: string, token: string) {
    this.#path = path;
    this.#token = token;
    this.#timer = setInterval(() => void touch(path), heartbeatMs).unref();
  }

  /** @throws KOPS_HELD, with who holds it */
  static async acquire(path: string, clock: Clock = systemClock): Promise<StateLock> {
    const owner: LockOwner = {
      token: randomBytes(12).toString('hex'),
      host: hostname(),
      pid: process.pid,
      started: await startOf(process.pid),
    };
    if (!(await create(path, owner))) {
      await moveAway(path, clock);
      if (!(await create(path, owner))) throw held(path, await readOwner(path));
    }
    return new StateLock(path, owner.token);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    const owner = await readOwner(this.#path);
    if (owner?.token === this.#token) await rm(this.#path, { force: true });
  }
}

/** Makes the lock whole or not at all: nobody reads half of it. */
async function create(path: string, owner: LockOwner): Promise<boolean> {
  const temporary = `${path}.${owner.token}`;
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(JSON.stringify(owner), 'utf8');
    await link(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw toKopsError(error);
  } finally {
    await handle.close();
    await rm(temporary, { force: true });
  }
}

/** Takes a dead owner's lock out of the way. @throws KOPS_HELD when its owner lives */
async function moveAway(path: string, clock: Clock): Promise<void> {
  const before = await readOwner(path);
  if (before !== undefined && (await isAlive(path, before, clock))) throw held(path, before);
  const aside = `${path}.${randomBytes(12).toString('hex')}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw toKopsError(error);
  }
  const moved = await readOwner(aside);
  // Another process was faster, and this is its lock: it gets it back.
  if (moved?.token !== before?.token) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function readOwner(path: string): Promise<LockOwner | undefined> {
  try {
    const owner = JSON.parse(await readFile(path, 'utf8')) as Partial<LockOwner>;
    const { token = '', host = '', pid = 0, started = '' } = owner;
    return { token, host, pid, started };
  } catch {
    // Gone, or not of a lock: nobody's.
    return undefined;
  }
}

async function isAlive(path: string, owner: LockOwner, clock: Clock): Promise<boolean> {
  if (owner.host === hostname()) {
    return isRunning(owner.pid) && owner.started === (await startOf(owner.pid));
  }
  try {
    return clock.now() - (await stat(path)).mtimeMs < silentMs;
  } catch {
    return false;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Boot and start of a process where the system tells (Linux), else nothing: then the id alone counts. */
async function startOf(pid: number): Promise<string> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    const status = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
    // The name in parentheses may hold anything; the start is the 20th field after it.
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
    return `${boot.trim()} ${fields[19] ?? ''}`;
  } catch {
    return '';
  }
}

async function touch(path: string): Promise<void> {
  const now = new Date(systemClock.now());
  try {
    await utimes(path, now, now);
  } catch {
    // The lock or its disk is gone; writing the state then says so.
  }
}

function held(path: string, owner: LockOwner | undefined): KopsError {
  const who =
    owner === undefined ? 'another process' : `process ${owner.pid} on host ${owner.host}`;
  return new KopsError('KOPS_HELD', `the indexer's state is in use by ${who}`, {
    at: { object: path },
    hint: 'Stop that indexer, or set another catalog.stateDirectory.',
  });
}
