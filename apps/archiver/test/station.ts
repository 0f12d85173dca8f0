import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runAgentApp } from '@kops/agent';
import { silentLogger } from '@kops/core';
import type { KafkaOptions } from '@kops/kafka';
import { connectOperator, type Endpoint, type OperatorApi } from '@kops/transport';
import { runArchiverApp } from '../src/index.ts';

/** Name of the cluster and of the repository in every station. */
export const clusterName = 'main';

/** How an archiver is run. */
export interface StationOptions {
  readonly bootstrapServers: string;
  /** Folders of repositories, named `0`, `1` … */
  readonly repositories: readonly string[];
  /** Small, so that even little data is sealed several times. */
  readonly segmentBytes?: number;
  /** How long clients try, and as whom; their defaults otherwise. */
  readonly kafka?: Pick<KafkaOptions, 'requestTimeoutMs' | 'retryDeadlineMs' | 'sasl'>;
  /** Run as processes of their own, to be killed. */
  readonly processes?: boolean;
  /** Processes run what was built, as users do: from sources each also holds the compiler that strips types. */
  readonly built?: boolean;
}

/** An agent of a station. */
export interface StationAgent {
  /** Undefined when it runs in this process. */
  readonly pid: number | undefined;
  /** A crash of a process, an orderly stop of one that runs here. */
  kill(): Promise<void>;
  signal(name: NodeJS.Signals): void;
}

/** Which agent to start. */
export interface AgentOptions {
  readonly host?: string;
  readonly brokerIds?: readonly number[];
  /** Where it finds the archiver; the archiver's own endpoint unless given. */
  readonly endpoint?: Endpoint;
}

/** An archiver and its agents, over gRPC on a unix socket. */
export class Station implements AsyncDisposable {
  readonly operator: OperatorApi;
  readonly archiver: Member;
  readonly #options: StationOptions;
  readonly endpoint: Endpoint;
  readonly #folder: string;
  readonly #agents: Member[] = [];
  readonly #close: () => Promise<void>;

  private constructor(
    options: StationOptions,
    endpoint: Endpoint,
    folder: string,
    archiver: Member,
  ) {
    const operator = connectOperator(endpoint);
    this.operator = operator;
    this.archiver = archiver;
    this.#options = options;
    this.endpoint = endpoint;
    this.#folder = folder;
    this.#close = async () => {
      await operator[Symbol.asyncDispose]();
    };
  }

  /** @throws whatever keeps the archiver from listening */
  static async open(options: StationOptions): Promise<Station> {
    const folder = await mkdtemp(join(tmpdir(), 'kops-station-'));
    const endpoint = {
      address: `unix:${join(folder, 'socket')}`,
      secret: randomBytes(16).toString('hex'),
    };
    const settings = {
      listen: endpoint,
      clusters: clustersOf(options),
      repositories: Object.fromEntries(
        options.repositories.map((path, index) => [String(index), pathToFileURL(path).href]),
      ),
      segmentBytes: options.segmentBytes ?? 1024 * 1024,
      version: 'test',
    };
    const archiver =
      options.processes === true
        ? await startProcess('..', settings, { announces: true, built: options.built === true })
        : await startHere((signal, ready) => runArchiverApp(settings, signal, silentLogger, ready));
    return new Station(options, endpoint, folder, archiver);
  }

  async startAgent(agent: AgentOptions = {}): Promise<StationAgent> {
    const settings = {
      archiver: agent.endpoint ?? this.endpoint,
      clusters: clustersOf(this.#options),
      host: agent.host ?? 'here',
      rack: '',
      brokerIds: agent.brokerIds ?? [],
      version: 'test',
    };
    const member =
      this.#options.processes === true
        ? await startProcess('../../agent', settings, {
            announces: false,
            built: this.#options.built === true,
          })
        : await startHere((signal, ready) => {
            ready();
            return runAgentApp(settings, signal, silentLogger);
          });
    this.#agents.push(member);
    return member;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    await Promise.all(this.#agents.map((agent) => agent.end()));
    await this.archiver.end();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function clustersOf({ bootstrapServers, kafka }: StationOptions): Record<string, KafkaOptions> {
  return { [clusterName]: { bootstrapServers: bootstrapServers.split(','), ...kafka } };
}

interface Member extends StationAgent {
  end(): Promise<void>;
}

async function startHere(
  run: (signal: AbortSignal, ready: () => void) => Promise<void>,
): Promise<Member> {
  const stop = new AbortController();
  const ready = Promise.withResolvers<undefined>();
  const running = run(stop.signal, () => ready.resolve(undefined));
  await Promise.race([ready.promise, running]);
  const end = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  return {
    pid: undefined,
    kill: end,
    end,
    signal: () => {
      throw new Error('only processes take signals');
    },
  };
}

async function startProcess(
  app: string,
  settings: object,
  { announces, built }: { readonly announces: boolean; readonly built: boolean },
): Promise<Member> {
  const module = built ? `${app}/dist/embedded.js` : `${app}/src/embedded.ts`;
  const file = fileURLToPath(new URL(module, import.meta.url));
  const node = [
    ...(built ? [] : ['--conditions=@kops/source']),
    '--disable-warning=ExperimentalWarning',
    // As the command line starts them.
    '--external-memory-accounted-in-global-limit',
    '--single-threaded-gc',
    '--max-semi-space-size=2',
    file,
  ];
  const child: ChildProcess = spawn(process.execPath, node, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
  });
  const exited = once(child, 'exit');
  let said = '';
  child.stderr?.on('data', (bytes: Buffer) => (said = (said + bytes.toString()).slice(-4000)));
  child.stdin?.on('error', () => undefined);
  child.stdin?.write(`${JSON.stringify({ ...settings, logLevel: 'warn' })}\n`);
  if (announces && child.stdout !== null) {
    const line = once(createInterface({ input: child.stdout }), 'line').then(() => true);
    if (!(await Promise.race([line, exited.then(() => false)])))
      throw new Error(`the archiver process has ended: ${said}`);
  }
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  return { pid: child.pid, kill, end: kill, signal: (name) => void child.kill(name) };
}
