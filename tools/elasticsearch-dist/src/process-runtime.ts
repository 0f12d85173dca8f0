import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KopsError } from '@kops/core';
import {
  exists,
  findOnPath,
  sandboxUnavailable,
  spawnGuarded,
  type GuardedProcess,
} from '@kops/kafka-dist';
import type { Jdk } from './find-jdk.ts';
import { environment, smallJvm, unprivileged, writeKeystore } from './server-command.ts';
import { makeFolders, writeConfig, type ServerFolders } from './server-folders.ts';
import type { ServerPlan, ServerRuntime } from './server-runtime.ts';
import { isRoot, reachableTmpdir } from './unprivileged.ts';

/**
 * Prepares a server of an unpacked distribution, in a folder of its own; the distribution itself is only read.
 * As root everything is handed to the user `nobody`, as whom the server then runs.
 * @throws KOPS_SANDBOX_UNAVAILABLE when this machine lacks what that takes.
 */
export async function prepareProcess(
  distribution: string,
  jdk: Jdk,
  plan: ServerPlan,
): Promise<ServerRuntime> {
  if ((await findOnPath('setsid')) === undefined) {
    throw sandboxUnavailable(
      'setsid is not on the PATH',
      'Install util-linux (Linux), or use a Docker engine.',
    );
  }
  const folder = await mkdtemp(
    join(isRoot() ? await reachableTmpdir() : tmpdir(), 'kops-elasticsearch-'),
  );
  try {
    const folders = await makeFolders(folder, distribution, plan);
    await writeConfig(folders, jdk, plan);
    if (plan.password !== undefined) await writeKeystore(folders, jdk, plan.password, plan.signal);
    return new ProcessRuntime(folders, jdk);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

class ProcessRuntime implements ServerRuntime {
  readonly kind = 'process';
  readonly #folders: ServerFolders;
  readonly #jdk: Jdk;
  #process: GuardedProcess | undefined;

  constructor(folders: ServerFolders, jdk: Jdk) {
    this.#folders = folders;
    this.#jdk = jdk;
  }

  get logFile(): string {
    return join(this.#folders.folder, 'elasticsearch.log');
  }

  get dataDirectory(): string {
    return this.#folders.dataDirectory;
  }

  get isRunning(): boolean {
    return this.#process !== undefined && !this.#process.hasExited;
  }

  get #pidFile(): string {
    return join(this.#folders.temporaryDir, 'pid');
  }

  async start(): Promise<void> {
    const { folder, home } = this.#folders;
    await rm(this.#pidFile, { force: true });
    const [command, ...args] = unprivileged([
      this.#jdk.java,
      ...smallJvm,
      ...['-cp', `${home}/lib/tools/server-launcher/*`],
      'org.elasticsearch.server.launcher.ServerLauncher',
      ...['--pidfile', this.#pidFile],
    ]);
    const output = openSync(this.logFile, 'a', 0o600);
    try {
      this.#process = await spawnGuarded(command, args, {
        // The launcher takes its current folder for the distribution's.
        cwd: home,
        env: environment(this.#folders, this.#jdk),
        stdout: output,
        stderr: output,
        orphanCleanup: folder,
        // The server is the launcher's child.
        ownGroup: true,
      });
    } finally {
      closeSync(output);
    }
  }

  async pid(): Promise<number | undefined> {
    if (!this.isRunning || !(await exists(this.#pidFile))) return undefined;
    const pid = Number.parseInt(await readFile(this.#pidFile, 'utf8'), 10);
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
  }

  async shutDown(graceMs: number): Promise<boolean> {
    // A stopped process does not see SIGTERM.
    this.#process?.signal('SIGCONT');
    this.#process?.signal('SIGTERM');
    if (await this.#isGoneWithin(graceMs)) return true;
    await this.#killGroup();
    return false;
  }

  async kill(): Promise<void> {
    const pid = await this.pid();
    if (pid !== undefined) {
      signalIfThere(pid, 'SIGKILL');
      // The launcher then ends by itself, having collected its child: nobody else might.
      this.#process?.signal('SIGCONT');
      if (await this.#isGoneWithin(2_000)) return;
    }
    await this.#killGroup();
  }

  async pause(): Promise<void> {
    const pid = await this.pid();
    this.#process?.signal('SIGSTOP');
    if (pid !== undefined) await stopped(pid);
  }

  async resume(): Promise<void> {
    this.#process?.signal('SIGCONT');
  }

  async discard(): Promise<void> {
    await this.kill();
    const { folder } = this.#folders;
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  async #killGroup(): Promise<void> {
    this.#process?.signal('SIGKILL');
    await this.#process?.exited;
  }

  async #isGoneWithin(ms: number): Promise<boolean> {
    const timer = new AbortController();
    try {
      return await Promise.race([
        (this.#process?.exited ?? Promise.resolve(0)).then(() => true),
        sleep(ms, false, { signal: timer.signal }).catch(() => false),
      ]);
    } finally {
      timer.abort();
    }
  }
}

function signalIfThere(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** How long the kernel may take until no thread of a stopped process runs any more, in ms. */
const stopMs = 5_000;

/**
 * Resolves once a process that was sent SIGSTOP stands: until then it may still answer.
 * @throws KOPS_SANDBOX_UNAVAILABLE
 */
async function stopped(pid: number): Promise<void> {
  const expires = performance.now() + stopMs;
  for (;;) {
    const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => undefined);
    // Only Linux tells; and a process that is gone does not answer either.
    if (stat === undefined || /^T\b/.test(stat.slice(stat.lastIndexOf(')') + 2))) return;
    if (performance.now() > expires)
      throw new KopsError('KOPS_SANDBOX_UNAVAILABLE', 'Elasticsearch could not be suspended', {
        hint: 'Try again when the machine is less busy.',
      });
    await sleep(5);
  }
}
