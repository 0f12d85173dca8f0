import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KopsError } from '@kops/core';
import { spawnGuarded, type GuardedProcess } from '@kops/kafka-dist';
import type { Bench } from '../bench.ts';
import { kops } from '../kops-commands.ts';

/** How long a process may take to be ready, and to end, in ms. */
const readyMs = 30_000;
const endMs = 15_000;
/** Of what a process says, the last is kept. */
const maxChars = 64 * 1024;

/** What an archiver and an agent are told. */
export interface StandingSettings {
  /** Folders of repositories by name. */
  readonly repositories: Readonly<Record<string, string>>;
  /** The section of that name; none where nothing is indexed. */
  readonly catalog?: Readonly<Record<string, unknown>>;
}

/** An archiver and an agent that stand, as on machines of their own; ended when disposed of. */
export class StandingArchiver implements AsyncDisposable {
  /** For `kops backup --config`. */
  readonly config: string;
  readonly #processes: GuardedProcess[] = [];

  private constructor(config: string) {
    this.config = config;
  }

  static async start(
    bench: Bench,
    name: string,
    { repositories, catalog }: StandingSettings,
  ): Promise<StandingArchiver> {
    const folder = join(bench.folder, name);
    await mkdir(folder, { recursive: true });
    const address = `unix:${join(folder, 'kops.sock')}`;
    const config = join(folder, 'kops.yaml');
    const settings = {
      archiver: { address, listen: address, secret: 'of-a-benchmark-that-listens-to-itself-alone' },
      clusters: { bench: { bootstrapServers: bench.kafka.bootstrapServers.split(',') } },
      repositories,
      logging: { level: 'info' },
      ...(catalog === undefined ? {} : { catalog }),
    };
    // YAML is a superset of JSON.
    await writeFile(config, JSON.stringify(settings));
    const standing = new StandingArchiver(config);
    try {
      const archiver = await standing.#spawn(bench, 'archiver');
      await archiver.saying('The archiver listens');
      await standing.#spawn(bench, 'agent');
      await archiver.saying('an agent joined');
      return standing;
    } catch (error) {
      await standing[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #spawn({ folder, env }: Bench, command: string): Promise<Output> {
    const child = await spawnGuarded(process.execPath, [kops, command, '--config', this.config], {
      cwd: folder,
      env,
      ownGroup: true,
    });
    this.#processes.push(child);
    return new Output(`kops ${command}`, child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#processes.reverse()) {
      child.signal('SIGTERM');
      await Promise.race([child.exited, sleep(endMs, undefined, { ref: false })]);
      child.killAll();
      await child.exited;
    }
  }
}

/** What a process says. */
class Output {
  readonly #what: string;
  readonly #child: GuardedProcess;
  #text = '';

  constructor(what: string, child: GuardedProcess) {
    this.#what = what;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (piece: Buffer) => {
        this.#text = (this.#text + piece.toString('utf8')).slice(-maxChars);
      });
    }
  }

  /** Resolves once it has said that. @throws KOPS_UNEXPECTED when it ends, or does not say it in time */
  async saying(text: string): Promise<void> {
    const end = performance.now() + readyMs;
    while (!this.#text.includes(text)) {
      if (this.#child.hasExited || performance.now() > end)
        throw new KopsError(
          'KOPS_UNEXPECTED',
          `${this.#what} did not say '${text}':\n${this.#text}`,
        );
      await sleep(20);
    }
  }
}
