import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { KopsError, systemClock, toKopsError, type Clock } from '@kops/core';
import {
  beatEveryMs,
  processState,
  SignsOfLife,
  thisProcess,
  type ProcessIdentity,
} from '@kops/object-store/owner';

/** Between two looks for a sign of life of another owner, in ms. */
const signPollMs = 1_000;

interface LockOwner extends ProcessIdentity {
  readonly token: string;
}

/** That a state directory has one owner at a time. A lock that a dead process left does not hold. */
export class StateLock implements AsyncDisposable {
  readonly #path: string;
  readonly #token: string;
  readonly #timer: NodeJS.Timeout;

  private constructor(path: string, token: string) {
    this.#path = path;
    this.#token = token;
    this.#timer = setInterval(() => void this.#beat(), beatEveryMs).unref();
  }

  /** @throws KOPS_HELD, with who holds it */
  static async acquire(path: string, clock: Clock = systemClock): Promise<StateLock> {
    const owner: LockOwner = {
      token: randomBytes(12).toString('hex'),
      ...(await thisProcess()),
    };
    if (!(await create(path, owner))) {
      await moveAway(path, clock);
      if (!(await create(path, owner))) throw held(path, await readOwner(path));
    }
    return new StateLock(path, owner.token);
  }

  /** To be called before the state is written. @throws KOPS_FENCED when another process has taken it over */
  async check(): Promise<void> {
    const owner = await readOwner(this.#path);
    if (owner?.token !== this.#token) throw fenced(this.#path, owner);
  }

  /** Gives a sign of life, unless the lock is another's by now. */
  async #beat(): Promise<void> {
    const owner = await readOwner(this.#path);
    if (owner?.token === this.#token) await touch(this.#path);
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
    const { token = '', host = '', pid = 0, startTicks = 0 } = owner;
    const { bootId = '', pidNamespace = '' } = owner;
    return { token, host, pid, startTicks, bootId, pidNamespace };
  } catch {
    // Gone, or not of a lock: nobody's.
    return undefined;
  }
}

/** An owner out of sight is watched until it has given a sign of life, or none for as long as owners may be silent. */
async function isAlive(path: string, owner: LockOwner, clock: Clock): Promise<boolean> {
  const signs = new SignsOfLife(clock);
  for (;;) {
    const asked = await processState(owner);
    const state = asked === 'unknown' ? signs.observe(owner.token, await signOf(path)) : asked;
    if (state !== 'unknown') return state === 'alive';
    await clock.sleep(signPollMs);
  }
}

/** Only that it changes counts, not which time it names. */
async function signOf(path: string): Promise<string> {
  try {
    const { mtimeMs, ino } = await stat(path);
    return `${String(ino)} ${String(mtimeMs)}`;
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

function fenced(path: string, owner: LockOwner | undefined): KopsError {
  const who =
    owner === undefined ? 'another process' : `process ${owner.pid} on host ${owner.host}`;
  return new KopsError('KOPS_FENCED', `the indexer's state was taken over by ${who}`, {
    at: { object: path },
    hint: 'Let that indexer go on, or set another catalog.stateDirectory.',
  });
}
