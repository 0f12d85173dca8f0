import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanedUp, throwIfAborted } from '@kops/core';
import { findDocker, type DockerEngine } from './docker-engine.ts';
import { spawnGuarded, type GuardedProcess } from './guarded-process.ts';
import { findOnPath } from './java.ts';
import { lastLines } from './run-process.ts';
import { sandboxUnavailable } from './sandbox-error.ts';

/** Options of {@link startDockerd}. */
export interface DockerdOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A Docker engine of our own. Disposing of it stops its containers and deletes its images and volumes. */
export interface OwnDockerEngine extends DockerEngine, AsyncDisposable {
  readonly host: string;
}

const stopGraceMs = 20_000;

/**
 * Starts a Docker engine for the length of a test run, where its program is installed and this process is root but no
 * engine runs. All of its files and its socket are in a temporary folder. It ends with this process.
 * @throws KOPS_SANDBOX_UNAVAILABLE without program or rights, or with what the engine says.
 */
export async function startDockerd(options: DockerdOptions = {}): Promise<OwnDockerEngine> {
  const program = await findOnPath('dockerd');
  if (program === undefined) {
    throw sandboxUnavailable(
      'dockerd is not installed',
      'Install a Docker engine (Debian: docker.io and iptables).',
    );
  }
  if (process.getuid?.() !== 0) {
    throw sandboxUnavailable(
      'only root can start a Docker engine',
      'Start the engine of this machine, or run as root.',
    );
  }
  const folder = await mkdtemp(join(tmpdir(), 'kops-dockerd-'));
  const daemon = await spawnDaemon(program, folder);
  try {
    const host = `unix://${join(folder, 'docker.sock')}`;
    const engine = await untilReady(daemon, folder, host, options);
    return { ...engine, host, [Symbol.asyncDispose]: async () => await stopDaemon(daemon, folder) };
  } catch (error) {
    throw await cleanedUp(error, () => stopDaemon(daemon, folder));
  }
}

async function spawnDaemon(program: string, folder: string): Promise<GuardedProcess> {
  const args = [
    ...['--storage-driver', 'overlay2', '--shutdown-timeout', '5', '--log-level', 'warn'],
    ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
    ...['--pidfile', join(folder, 'docker.pid'), '--host', `unix://${join(folder, 'docker.sock')}`],
  ];
  const output = openSync(join(folder, 'dockerd.log'), 'a', 0o600);
  try {
    return await spawnGuarded(program, args, {
      stdout: output,
      stderr: output,
      orphanCleanup: folder,
      // The engine must stop its containers and its own helper itself.
      orphanGraceMs: stopGraceMs,
    });
  } finally {
    closeSync(output);
  }
}

async function untilReady(
  daemon: GuardedProcess,
  folder: string,
  host: string,
  options: DockerdOptions,
): Promise<DockerEngine> {
  const { timeoutMs = 60_000, signal } = options;
  const expires = performance.now() + timeoutMs;
  for (;;) {
    throwIfAborted(signal);
    const engine = await findDocker({ host });
    if (engine !== undefined) return engine;
    if (daemon.hasExited || performance.now() > expires) {
      const log = await readFile(join(folder, 'dockerd.log'), 'utf8');
      throw sandboxUnavailable(
        `the Docker engine does not start: ${lastLines(log)}`,
        'Read its output above, or use the sandbox "jvm", which needs no Docker engine.',
      );
    }
    await sleep(100);
  }
}

async function stopDaemon(daemon: GuardedProcess, folder: string): Promise<void> {
  daemon.signal('SIGTERM');
  const timer = setTimeout(() => {
    daemon.signal('SIGKILL');
  }, stopGraceMs);
  await daemon.exited;
  clearTimeout(timer);
  await rm(folder, { recursive: true, force: true });
}
