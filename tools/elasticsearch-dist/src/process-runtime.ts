import { closeSync, openSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  exists,
  findOnPath,
  freePorts,
  lastLines,
  runProcess,
  sandboxUnavailable,
  spawnGuarded,
  type GuardedProcess,
} from '@kops/kafka-dist';
import type { Jdk } from './find-jdk.ts';
import { formatJvmOptions, formatSettings, sandboxSettings } from './sandbox-settings.ts';
import type { ServerPlan, ServerRuntime } from './server-runtime.ts';
import {
  giveTo,
  isReachableByOthers,
  isRoot,
  linkTree,
  nobody,
  reachableTmpdir,
} from './unprivileged.ts';

/** Folders of one server. */
interface Places {
  readonly folder: string;
  readonly home: string;
  readonly configDir: string;
  readonly logsDir: string;
  readonly temporaryDir: string;
  readonly dataDirectory: string;
}

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
      'On a system other than Linux use a Docker engine.',
    );
  }
  const folder = await mkdtemp(
    join(isRoot() ? await reachableTmpdir() : tmpdir(), 'kops-elasticsearch-'),
  );
  try {
    const places = await makePlaces(folder, distribution, plan);
    await writeConfig(places, plan);
    if (plan.password !== undefined) await writeKeystore(places, jdk, plan.password, plan.signal);
    return new ProcessRuntime(places, jdk);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function makePlaces(folder: string, distribution: string, plan: ServerPlan): Promise<Places> {
  const own = async (name: string): Promise<string> => {
    await mkdir(join(folder, name), { mode: 0o700 });
    return join(folder, name);
  };
  let home = distribution;
  if (isRoot()) {
    await chmod(folder, 0o711);
    if (!(await isReachableByOthers(distribution))) {
      home = join(folder, 'home');
      await linkTree(distribution, home);
    }
  }
  const dataDirectory = plan.dataDirectory ?? (await own('data'));
  await mkdir(dataDirectory, { recursive: true });
  return {
    folder,
    home,
    dataDirectory,
    configDir: await own('config'),
    logsDir: await own('logs'),
    temporaryDir: await own('tmp'),
  };
}

async function writeConfig(places: Places, plan: ServerPlan): Promise<void> {
  const { home, configDir } = places;
  const [transportPort = 0] = await freePorts(plan.host, 1);
  const settings = {
    ...sandboxSettings({
      security: plan.password !== undefined,
      threadPoolWriteQueueSize: plan.threadPoolWriteQueueSize,
      hasGeoip: await exists(join(home, 'modules/ingest-geoip')),
      settings: plan.settings,
    }),
    'network.host': plan.host,
    'http.port': plan.port,
    'transport.port': transportPort,
    'path.data': places.dataDirectory,
    'path.logs': places.logsDir,
  };
  for (const name of ['log4j2.properties', 'role_mapping.yml', 'roles.yml', 'users', 'users_roles'])
    await copyFile(join(home, 'config', name), join(configDir, name));
  await writeFile(join(configDir, 'elasticsearch.yml'), formatSettings(settings));
  await writeFile(
    join(configDir, 'jvm.options'),
    formatJvmOptions(plan.heapMegabytes, plan.jvmArgs),
  );
  if (!isRoot()) return;
  for (const path of [configDir, places.logsDir, places.temporaryDir, places.dataDirectory])
    await giveTo(nobody, path);
  if (!(await isReachableByOthers(places.dataDirectory.replace(/\/[^/]*$/, '/')))) {
    throw sandboxUnavailable(
      `Elasticsearch does not run as root, and another user cannot reach ${places.dataDirectory}`,
      'Name a data directory in a place that every user can reach.',
    );
  }
}

/** The command as the user that the server may run as. */
function unprivileged(command: readonly [string, ...string[]]): [string, ...string[]] {
  if (!isRoot()) return [...command];
  const id = String(nobody);
  return ['setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups', ...command];
}

/** A small virtual machine: it waits for another one that does the work. */
const smallJvm = ['-Xms4m', '-Xmx64m', '-XX:+UseSerialGC'];

/** What the scripts of the distribution pass on. None of the caller's Java options, which would reach the server. */
function environment(places: Places, jdk: Jdk): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    LANG: 'C.UTF-8',
    HOSTNAME: 'localhost',
    JAVA: jdk.java,
    JAVA_TYPE: 'ES_JAVA_HOME',
    ES_JAVA_HOME: jdk.home,
    ES_HOME: places.home,
    ES_PATH_CONF: places.configDir,
    ES_TMPDIR: places.temporaryDir,
    ES_DISTRIBUTION_TYPE: 'tar',
  };
}

/** Puts the first password of the user `elastic` where the server looks for it. */
async function writeKeystore(
  places: Places,
  jdk: Jdk,
  password: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { home, configDir } = places;
  const [command, ...args] = unprivileged([
    jdk.java,
    ...smallJvm,
    '-XX:TieredStopAtLevel=1',
    `-Djava.io.tmpdir=${places.temporaryDir}`,
    '-Dcli.name=keystore',
    `-Dcli.script=${home}/bin/elasticsearch-keystore`,
    '-Dcli.libs=lib/tools/keystore-cli',
    `-Des.path.home=${home}`,
    `-Des.path.conf=${configDir}`,
    '-Des.distribution.type=tar',
    '-Des.java.type=ES_JAVA_HOME',
    ...['-cp', `${home}/lib/*:${home}/lib/cli-launcher/*`],
    'org.elasticsearch.launcher.CliToolLauncher',
    ...['add', '--force', '--stdin', 'bootstrap.password'],
  ]);
  const result = await runProcess(command, args, {
    stdin: `${password}\n`,
    cwd: home,
    env: environment(places, jdk),
    timeoutMs: 60_000,
    ...(signal === undefined ? {} : { signal }),
  });
  if (result.exitCode === 0) return;
  throw sandboxUnavailable(
    `Elasticsearch takes no password: ${lastLines(result.stdout + result.stderr)}`,
    'Read what it says above; memory and disk space are the usual causes.',
  );
}

class ProcessRuntime implements ServerRuntime {
  readonly kind = 'process';
  readonly #places: Places;
  readonly #jdk: Jdk;
  #process: GuardedProcess | undefined;

  constructor(places: Places, jdk: Jdk) {
    this.#places = places;
    this.#jdk = jdk;
  }

  get logFile(): string {
    return join(this.#places.folder, 'elasticsearch.log');
  }

  get dataDirectory(): string {
    return this.#places.dataDirectory;
  }

  get isRunning(): boolean {
    return this.#process !== undefined && !this.#process.hasExited;
  }

  get #pidFile(): string {
    return join(this.#places.temporaryDir, 'pid');
  }

  async start(): Promise<void> {
    const { folder, home } = this.#places;
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
        env: environment(this.#places, this.#jdk),
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
    this.#process?.signal('SIGSTOP');
  }

  async resume(): Promise<void> {
    this.#process?.signal('SIGCONT');
  }

  async discard(): Promise<void> {
    await this.kill();
    const { folder } = this.#places;
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
