import { randomBytes } from 'node:crypto';
import { KopsError, toKopsError } from '@kops/core';
import { freePorts } from '@kops/kafka-dist';
import { prepareContainer } from './docker-runtime.ts';
import { ElasticsearchNode } from './elasticsearch-node.ts';
import {
  ensureElasticsearch,
  type ElasticsearchInstallation,
  type InstallationOptions,
} from './installation.ts';
import { prepareProcess } from './process-runtime.ts';
import type { ServerPlan } from './server-runtime.ts';

/** What kind of server {@link startElasticsearch} starts. */
export interface ElasticsearchOptions extends InstallationOptions {
  /** What to start, where it was found before; else {@link ensureElasticsearch} is asked. */
  readonly installation?: ElasticsearchInstallation;
  /** Asks for a password, that of the user `elastic`; without TLS. */
  readonly security?: boolean;
  /** Heap in MiB; 512 unless given. The process takes 250 to 350 MiB more. */
  readonly heapMegabytes?: number;
  /** Port on 127.0.0.1; a free one unless given. */
  readonly port?: number;
  /** How many writes may wait; small numbers make the server answer 429 (`thread_pool.write.queue_size`). */
  readonly threadPoolWriteQueueSize?: number;
  /** Where to keep data after the end; else they are deleted. */
  readonly dataDirectory?: string;
  /** Settings of elasticsearch.yml; they win over the sandbox's own. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** Further options of the virtual machine; they come last and so win over the sandbox's own. */
  readonly jvmArgs?: readonly string[];
  /** How long the server may take until it answers; two minutes unless given. */
  readonly startTimeoutMs?: number;
}

const host = '127.0.0.1';
const portAttempts = 3;
const defaultStartTimeoutMs = 120_000;

/**
 * Starts a throwaway Elasticsearch of one node on 127.0.0.1 and waits until it answers. It ends with this process, even
 * when that is killed.
 * @throws KOPS_SANDBOX_UNAVAILABLE with what is missing on this machine or what the server says; KOPS_INTERRUPTED.
 */
export async function startElasticsearch(
  options: ElasticsearchOptions = {},
): Promise<ElasticsearchNode> {
  const installation = options.installation ?? (await ensureElasticsearch(options));
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(installation, options);
    } catch (thrown) {
      const error = toKopsError(thrown);
      // Somebody took the port in the moment since it was found free.
      const isTaken = /already in use|already allocated|Failed to bind/.test(error.message);
      if (attempt >= portAttempts || options.port !== undefined || !isTaken) throw error;
    }
  }
}

async function startOnce(
  installation: ElasticsearchInstallation,
  options: ElasticsearchOptions,
): Promise<ElasticsearchNode> {
  const plan = await planServer(options);
  const runtime =
    installation.kind === 'docker'
      ? await prepareContainer(installation.engine, installation.image, plan)
      : await prepareProcess(installation.distribution, installation.jdk, plan);
  const access = {
    url: `http://${host}:${String(plan.port)}`,
    ...(plan.password === undefined
      ? {}
      : { credentials: { username: 'elastic', password: plan.password } }),
  };
  const timeoutMs = options.startTimeoutMs ?? defaultStartTimeoutMs;
  const node = new ElasticsearchNode(runtime, access, timeoutMs);
  try {
    await node.start(options.signal === undefined ? {} : { signal: options.signal });
    return node;
  } catch (error) {
    await runtime.discard();
    throw error;
  }
}

async function planServer(options: ElasticsearchOptions): Promise<ServerPlan> {
  const { heapMegabytes = 512, threadPoolWriteQueueSize } = options;
  for (const [name, value] of Object.entries({ heapMegabytes, threadPoolWriteQueueSize })) {
    if (value !== undefined && (!Number.isSafeInteger(value) || value < 1))
      throw new KopsError(
        'KOPS_USAGE',
        `${name} must be a whole number of at least 1, not ${String(value)}`,
      );
  }
  const [port = 0] = options.port === undefined ? await freePorts(host, 1) : [options.port];
  return {
    host,
    port,
    password: options.security === true ? randomBytes(15).toString('base64url') : undefined,
    heapMegabytes,
    jvmArgs: options.jvmArgs ?? [],
    threadPoolWriteQueueSize,
    settings: options.settings ?? {},
    dataDirectory: options.dataDirectory,
    signal: options.signal,
  };
}
