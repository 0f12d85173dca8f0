import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { KopsError, throwIfAborted } from '@kops/core';
import { lastLines, sandboxUnavailable } from '@kops/kafka-dist';
import { elasticsearchVersion } from './distribution.ts';
import type { ServerRuntime } from './server-runtime.ts';

/** Name and password of a user. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** What a node is reached by. */
export interface NodeAccess {
  /** `http://127.0.0.1:<port>`, without a slash at its end and without credentials. */
  readonly url: string;
  readonly credentials?: Credentials;
}

/** Value of the header `Authorization` for a user. */
export function basicAuthorization({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

const defaultGraceMs = 20_000;

/**
 * A throwaway Elasticsearch on this machine. Ends with this process, whatever ends that; stop it to be rid of it sooner.
 * Signals go to the server's own process, so {@link kill} is a crash and {@link pause} a server that never answers.
 */
export class ElasticsearchNode implements NodeAccess, AsyncDisposable {
  readonly url: string;
  readonly credentials?: Credentials;
  readonly version = elasticsearchVersion;
  readonly #runtime: ServerRuntime;
  readonly #startTimeoutMs: number;
  #pid: number | undefined;

  constructor(runtime: ServerRuntime, access: NodeAccess, startTimeoutMs: number) {
    this.#runtime = runtime;
    this.#startTimeoutMs = startTimeoutMs;
    this.url = access.url;
    if (access.credentials !== undefined) this.credentials = access.credentials;
  }

  /** Whether it is a process of this machine or a container. */
  get runtime(): 'process' | 'docker' {
    return this.#runtime.kind;
  }

  /** What the server says, over all its lives; deleted by {@link stop}. */
  get logFile(): string {
    return this.#runtime.logFile;
  }

  get dataDirectory(): string {
    return this.#runtime.dataDirectory;
  }

  /** Process id of the server; undefined while it is down. */
  get pid(): number | undefined {
    return this.#runtime.isRunning ? this.#pid : undefined;
  }

  /**
   * Starts the server and waits until it answers and its indices can be used.
   * @throws KOPS_REFUSED when it is running; KOPS_SANDBOX_UNAVAILABLE with what it says when it does not come up.
   */
  async start(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    if (this.#runtime.isRunning)
      throw new KopsError('KOPS_REFUSED', 'this sandbox Elasticsearch is already running');
    await this.#runtime.start();
    await this.#ready(options.signal);
    this.#pid = await this.#runtime.pid();
  }

  /** Starts the server again, on the same port and data; shuts it down in order first when it runs. */
  async restart(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.#runtime.shutDown(defaultGraceMs);
    await this.start(options);
  }

  /** Crashes the server (SIGKILL) and waits until it is gone. Its data stay for {@link restart}. */
  async kill(): Promise<void> {
    await this.#runtime.kill();
  }

  /** Freezes the server (SIGSTOP): its connections stay open and nothing is answered. */
  async pause(): Promise<void> {
    await this.#runtime.pause();
  }

  /** Lets a paused server go on (SIGCONT). */
  async resume(): Promise<void> {
    await this.#runtime.resume();
  }

  /** Ends the server for good and deletes all it wrote; a data directory that was given stays, whole. */
  async stop(options: { readonly graceMs?: number } = {}): Promise<void> {
    try {
      await this.#runtime.shutDown(options.graceMs ?? defaultGraceMs);
    } finally {
      await this.#runtime.discard();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #ready(signal: AbortSignal | undefined): Promise<void> {
    const expires = performance.now() + this.#startTimeoutMs;
    for (;;) {
      throwIfAborted(signal);
      if (!this.#runtime.isRunning) throw await this.#failure('exited during startup');
      if (await isHealthy(this)) return;
      if (performance.now() > expires)
        throw await this.#failure(`was not ready within ${String(this.#startTimeoutMs)} ms`);
      await sleep(200);
    }
  }

  async #failure(what: string): Promise<KopsError> {
    const log = await readFile(this.logFile, 'utf8');
    return sandboxUnavailable(
      `Elasticsearch ${what}: ${lastLines(log)}`,
      'Read the output of Elasticsearch above. Check free ports, memory and disk space first.',
    );
  }
}

/** Whether a server answers and has all primary shards. */
export async function isHealthy({ url, credentials }: NodeAccess): Promise<boolean> {
  try {
    const response = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=2s`, {
      signal: AbortSignal.timeout(5_000),
      headers: credentials === undefined ? {} : { authorization: basicAuthorization(credentials) },
    });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    // Not listening yet, or busy with starting: asked again until the deadline.
    return false;
  }
}
