import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  lastLines,
  runDocker,
  sandboxUnavailable,
  spawnGuarded,
  type DockerEngine,
  type GuardedProcess,
} from '@kops/kafka-dist';
import { sandboxSettings, withoutListedRoles, type Settings } from './sandbox-settings.ts';
import type { ServerPlan, ServerRuntime } from './server-runtime.ts';
import { isRoot } from './unprivileged.ts';

/**
 * Shows a container's output and ends with it. On SIGTERM, which it gets when the parent is gone, it removes the
 * container, frozen or not: killing a client alone would leave the container behind.
 */
const attachScript = `
docker=$1; name=$2
trap '"$docker" rm --force --volumes "$name" >/dev/null 2>&1; exit 143' TERM INT HUP
"$docker" start --attach "$name" &
wait "$!"
`;

const orphanGraceMs = 20_000;

/** The user of the official image; its group is root's. */
const imageUser = 1000;

/** The arguments of `docker create` for a server; with `user` as owner of what it writes. */
export function createArguments(
  image: string,
  name: string,
  plan: ServerPlan & { readonly dataDirectory: string },
  user: number,
): string[] {
  const { password, heapMegabytes, host, port } = plan;
  const heap = `-Xms${String(heapMegabytes)}m -Xmx${String(heapMegabytes)}m -XX:-AlwaysPreTouch`;
  const settings = sandboxSettings({
    security: password !== undefined,
    threadPoolWriteQueueSize: plan.threadPoolWriteQueueSize,
    hasGeoip: true,
    settings: plan.settings,
  });
  const variables: Settings = {
    ...settings,
    ES_JAVA_OPTS: [heap, withoutListedRoles, ...plan.jvmArgs].join(' '),
    ...(password === undefined ? {} : { ELASTIC_PASSWORD: password }),
  };
  return [
    ...['create', '--name', name, '--publish', `${host}:${String(port)}:9200`],
    ...['--user', `${String(user)}:0`],
    ...['--volume', `${plan.dataDirectory}:/usr/share/elasticsearch/data`],
    ...Object.entries(variables).flatMap(([key, value]) => ['--env', `${key}=${String(value)}`]),
    image,
  ];
}

/**
 * Prepares a server in a container of the official image.
 * @throws KOPS_SANDBOX_UNAVAILABLE with what the engine says.
 */
export async function prepareContainer(
  engine: DockerEngine,
  image: string,
  plan: ServerPlan,
): Promise<ServerRuntime> {
  const folder = await mkdtemp(join(tmpdir(), 'kops-elasticsearch-'));
  const name = `kops-elasticsearch-${randomUUID().slice(0, 8)}`;
  try {
    const dataDirectory = plan.dataDirectory ?? join(folder, 'data');
    await mkdir(dataDirectory, { recursive: true });
    const user = isRoot() ? imageUser : (process.getuid?.() ?? imageUser);
    if (isRoot()) await chown(dataDirectory, user, 0);
    const created = createArguments(image, name, { ...plan, dataDirectory }, user);
    await docker(engine, created);
    return new ContainerRuntime(engine, name, folder, dataDirectory);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function docker(engine: DockerEngine, args: readonly string[]): Promise<string> {
  const result = await runDocker(engine, args, { timeoutMs: 60_000 });
  if (result.exitCode === 0) return result.stdout.trim();
  throw sandboxUnavailable(
    `docker ${args[0] ?? ''} fails: ${lastLines(result.stderr)}`,
    'Read the output of the Docker engine above.',
  );
}

class ContainerRuntime implements ServerRuntime {
  readonly kind = 'docker';
  readonly dataDirectory: string;
  readonly #engine: DockerEngine;
  readonly #name: string;
  readonly #folder: string;
  #attached: GuardedProcess | undefined;

  constructor(engine: DockerEngine, name: string, folder: string, dataDirectory: string) {
    this.#engine = engine;
    this.#name = name;
    this.#folder = folder;
    this.dataDirectory = dataDirectory;
  }

  get logFile(): string {
    return join(this.#folder, 'elasticsearch.log');
  }

  get isRunning(): boolean {
    return this.#attached !== undefined && !this.#attached.hasExited;
  }

  async start(): Promise<void> {
    const output = openSync(this.logFile, 'a', 0o600);
    const { program, host } = this.#engine;
    try {
      const args = ['-c', attachScript, 'kops-attach', program, this.#name];
      this.#attached = await spawnGuarded('sh', args, {
        stdout: output,
        stderr: output,
        orphanCleanup: this.#folder,
        orphanGraceMs,
        ...(host === undefined ? {} : { env: { ...process.env, DOCKER_HOST: host } }),
      });
    } finally {
      closeSync(output);
    }
  }

  async pid(): Promise<number | undefined> {
    if (!this.isRunning) return undefined;
    const pid = Number(await this.#docker('inspect', '--format', '{{.State.Pid}}'));
    return pid > 0 ? pid : undefined;
  }

  async shutDown(graceMs: number): Promise<boolean> {
    if (!this.isRunning) return true;
    const started = performance.now();
    await this.resume();
    await this.#docker('stop', '--time', String(Math.ceil(graceMs / 1000)));
    await this.#attached?.exited;
    return performance.now() - started < graceMs;
  }

  async kill(): Promise<void> {
    if (!this.isRunning) return;
    await this.#docker('kill');
    await this.#attached?.exited;
  }

  async pause(): Promise<void> {
    await this.#docker('pause');
  }

  async resume(): Promise<void> {
    if ((await this.#docker('inspect', '--format', '{{.State.Paused}}')) === 'true')
      await this.#docker('unpause');
  }

  async discard(): Promise<void> {
    await this.#docker('rm', '--force', '--volumes');
    await this.#attached?.exited;
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #docker(...args: string[]): Promise<string> {
    return await docker(this.#engine, [...args, this.#name]);
  }
}
