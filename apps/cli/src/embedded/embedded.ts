import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { cleanedUp, KopsError, withDeadline } from '@kops/core';
import type { KafkaOptions } from '@kops/kafka';
import { makeTemporaryDirectory } from '@kops/service';
import { connectOperator, type Endpoint, type OperatorApi } from '@kops/transport';
import { kopsVersion } from '../version.ts';
import type { EmbeddedChild } from './child.ts';
import { takeChild } from './early-children.ts';

/** What an embedded archiver and agent work with. */
export interface EmbeddedOptions {
  readonly kafka: KafkaOptions;
  /** URLs, one per copy. */
  readonly repositories: readonly string[];
  readonly segmentBytes: number;
  /** Permissions of the files of a repository. */
  readonly fileMode: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** A line that a child logged. */
  readonly onLine: (line: string) => void;
  /** Something the operator should know. */
  readonly onNotice: (text: string) => void;
}

/** The name that the embedded cluster goes by. */
export const embeddedCluster = 'main';

const readyMs = 20_000;
/** An agent that dies is started anew so many times: a dead one is an accident, many in a row are a cause. */
const maxAgentStarts = 5;
/** One that ran for so long was well: the next one's start is the first again. In ms. */
export const wellAfterMs = 60_000;

/**
 * An archiver and an agent as processes of their own for the length of a command, over gRPC on a unix socket with a random secret.
 * They end with the command, however it ends.
 */
export class Embedded implements AsyncDisposable {
  readonly operator: OperatorApi;
  readonly #close: () => Promise<void>;

  private constructor(operator: OperatorApi, close: () => Promise<void>) {
    this.operator = operator;
    this.#close = close;
  }

  /** @throws KOPS_ARCHIVER_UNREACHABLE when the archiver does not start */
  static async start(options: EmbeddedOptions): Promise<Embedded> {
    const temporary = await makeTemporaryDirectory('kops-');
    const directory = temporary.path;
    const endpoint: Endpoint = {
      address: `unix:${join(directory, 'archiver.sock')}`,
      secret: randomBytes(32).toString('hex'),
    };
    const archiver = startArchiver(options, endpoint);
    const agents = new AgentKeeper(options, endpoint);
    const close = async (): Promise<void> => {
      await agents.end();
      await archiver.end();
      await temporary[Symbol.asyncDispose]();
    };
    try {
      // The agent loads meanwhile.
      agents.start();
      await ready(archiver);
      agents.tell();
      const operator = connectOperator(endpoint);
      return new Embedded(operator, async () => {
        await operator[Symbol.asyncDispose]();
        await close();
      });
    } catch (error) {
      throw await cleanedUp(error, close);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

function startArchiver(options: EmbeddedOptions, listen: Endpoint): EmbeddedChild {
  const settings = {
    listen,
    clusters: { [embeddedCluster]: options.kafka },
    repositories: Object.fromEntries(options.repositories.map((url) => [url, url])),
    segmentBytes: options.segmentBytes,
    fileMode: options.fileMode,
    version: kopsVersion,
    logLevel: options.logLevel,
  };
  const archiver = takeChild('archiver');
  archiver.tell(settings, options.onLine);
  return archiver;
}

async function ready(archiver: EmbeddedChild): Promise<void> {
  const line = await withDeadline(archiver.firstLine(), {
    ms: readyMs,
    code: 'KOPS_ARCHIVER_UNREACHABLE',
    what: 'start of the embedded archiver',
  });
  if (line !== undefined) return;
  throw new KopsError(
    'KOPS_ARCHIVER_UNREACHABLE',
    `the embedded archiver did not start (${await archiver.exited}): ${archiver.lastLines}`,
    {
      hint: 'Run the command again with --log-level debug to see its log.',
    },
  );
}

/** Keeps one agent running. */
class AgentKeeper {
  readonly #options: EmbeddedOptions;
  readonly #endpoint: Endpoint;
  #agent: EmbeddedChild | undefined;
  #starts = 0;
  #startedAt = 0;
  #told = false;
  #ending = false;

  constructor(options: EmbeddedOptions, endpoint: Endpoint) {
    this.#options = options;
    this.#endpoint = endpoint;
  }

  /** Starts an agent, which joins once it is told to. */
  start(): void {
    const agent = takeChild('agent');
    this.#agent = agent;
    this.#starts++;
    this.#startedAt = performance.now();
    if (this.#told) agent.tell(this.#settings(), this.#options.onLine);
    void agent.exited.then((how) => this.#onExit(how));
  }

  /** The archiver listens: this agent and those after it may join. */
  tell(): void {
    this.#told = true;
    this.#agent?.tell(this.#settings(), this.#options.onLine);
  }

  async end(): Promise<void> {
    this.#ending = true;
    await this.#agent?.end();
  }

  #settings(): unknown {
    return {
      archiver: this.#endpoint,
      clusters: { [embeddedCluster]: this.#options.kafka },
      host: hostname(),
      rack: '',
      brokerIds: [],
      version: kopsVersion,
      logLevel: this.#options.logLevel,
    };
  }

  #onExit(how: string): void {
    if (this.#ending) return;
    if (performance.now() - this.#startedAt > wellAfterMs) this.#starts = 0;
    const again = this.#starts < maxAgentStarts;
    this.#options.onNotice(
      `the agent process exited (${how})${again ? ': starting another agent' : ''}`,
    );
    if (again) this.start();
  }
}
