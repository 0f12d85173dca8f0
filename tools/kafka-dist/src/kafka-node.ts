import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KopsError, throwIfAborted } from '@kops/core';
import { spawnGuarded, type GuardedProcess } from './guarded-process.ts';
import type { KafkaJars } from './kafka-jars.ts';
import { probeMetadata } from './metadata-probe.ts';
import { lastLines } from './run-process.ts';
import { sandboxUnavailable } from './sandbox-error.ts';

/** Where a node keeps its files and what it listens on. */
export interface NodePlace {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  /** Folder of this node alone; deleted when the node is orphaned. */
  readonly folder: string;
  readonly logDir: string;
}

/** Bounds of waiting for a node. */
export interface WaitOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** One Kafka process of a cluster, through any number of deaths and restarts. */
export class KafkaNode {
  readonly place: NodePlace;
  readonly #jars: KafkaJars;
  readonly #jvmArgs: readonly string[];
  #process: GuardedProcess | undefined;

  constructor(place: NodePlace, jars: KafkaJars, jvmArgs: readonly string[]) {
    this.place = place;
    this.#jars = jars;
    this.#jvmArgs = jvmArgs;
  }

  get logFile(): string {
    return join(this.place.folder, 'broker.log');
  }

  get isRunning(): boolean {
    return this.#process !== undefined && !this.#process.hasExited;
  }

  /** Process id of the running broker. */
  get pid(): number | undefined {
    return this.isRunning ? this.#process?.pid : undefined;
  }

  async start(): Promise<void> {
    if (this.isRunning)
      throw new KopsError('KOPS_REFUSED', `broker ${String(this.place.id)} is already running`);
    const output = openSync(this.logFile, 'a', 0o600);
    try {
      const classPath = ['-cp', this.#jars.classPath];
      const args = [
        ...this.#jvmArgs,
        ...classPath,
        'kafka.Kafka',
        join(this.place.folder, 'server.properties'),
      ];
      this.#process = await spawnGuarded(this.#jars.java.java, args, {
        stdout: output,
        stderr: output,
        cwd: this.place.folder,
        orphanCleanup: this.place.folder,
      });
    } finally {
      closeSync(output);
    }
  }

  /** Waits until the node answers and sees at least the given brokers and a controller. */
  async ready(brokerIds: readonly number[], { timeoutMs, signal }: WaitOptions): Promise<void> {
    const { id, host, port } = this.place;
    const expires = performance.now() + timeoutMs;
    for (;;) {
      throwIfAborted(signal);
      if (!this.isRunning)
        throw await this.#failure(`Kafka broker ${String(id)} exited during startup`);
      const view = await probeMetadata(host, port, 2_000);
      if (
        view !== undefined &&
        view.controllerId >= 0 &&
        brokerIds.every((wanted) => view.brokerIds.includes(wanted))
      ) {
        return;
      }
      if (performance.now() > expires) {
        throw await this.#failure(
          `Kafka broker ${String(id)} was not ready within ${String(timeoutMs)} ms`,
        );
      }
      await sleep(50);
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#process?.signal(name);
  }

  /** Resolves once the process is gone, however that came. */
  async gone(): Promise<void> {
    await this.#process?.exited;
  }

  /** Ends the process with SIGTERM, with SIGKILL after `graceMs`. Whether it ended by itself. */
  async stop(graceMs: number): Promise<boolean> {
    // A stopped process does not see SIGTERM.
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    const timer = new AbortController();
    const graceful = await Promise.race([
      this.gone().then(() => true),
      sleep(graceMs, false, { signal: timer.signal }).catch(() => false),
    ]);
    timer.abort();
    if (!graceful) {
      this.signal('SIGKILL');
      await this.gone();
    }
    return graceful;
  }

  async #failure(message: string): Promise<KopsError> {
    const log = await readFile(this.logFile, 'utf8');
    return sandboxUnavailable(
      `${message}: ${lastLines(log)}`,
      'Read the output of Kafka above. Check free ports, memory and disk space first.',
      { at: { broker: String(this.place.id) } },
    );
  }
}
