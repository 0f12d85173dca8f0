import { rm } from 'node:fs/promises';
import { KopsError } from '@kops/core';
import type { SandboxCertificates } from './certificates.ts';
import type { KafkaJars } from './kafka-jars.ts';
import type { KafkaNode, WaitOptions } from './kafka-node.ts';

/** A broker of a sandbox cluster, as it is now. */
export interface SandboxBroker {
  readonly id: number;
  readonly host: string;
  /** Port of the PLAINTEXT listener. */
  readonly port: number;
  /** Process id; undefined while the broker is down. */
  readonly pid: number | undefined;
  /** Folder with one subfolder per partition. */
  readonly logDir: string;
  /** What the broker itself says, over all its lives. */
  readonly logFile: string;
}

/** What a cluster was built from. */
export interface ClusterParts {
  readonly jars: KafkaJars;
  readonly clusterId: string;
  readonly nodes: readonly KafkaNode[];
  readonly folder: string;
  readonly startTimeoutMs: number;
  readonly bootstrapServers: string;
  readonly saslBootstrapServers?: string;
  readonly sslBootstrapServers?: string;
  readonly certificates?: SandboxCertificates;
}

const defaultGraceMs = 15_000;

/**
 * A throwaway Kafka on this machine. Ends with this process, whatever ends that; dispose of it to be rid of it sooner.
 * Signals go to the broker's own process, so {@link kill} is a crash and {@link pause} a broker that never answers.
 */
export class KafkaCluster {
  /** `host:port,…` of the PLAINTEXT listeners. With an authorizer its clients may do everything. */
  readonly bootstrapServers: string;
  readonly clusterId: string;
  /** The jars it runs from, for tools and clients of the same version. */
  readonly jars: KafkaJars;
  readonly #parts: ClusterParts;

  constructor(parts: ClusterParts) {
    this.#parts = parts;
    this.bootstrapServers = parts.bootstrapServers;
    this.clusterId = parts.clusterId;
    this.jars = parts.jars;
  }

  /** `host:port,…` of the SASL_PLAINTEXT listeners. @throws KOPS_REFUSED unless asked for at start. */
  get saslBootstrapServers(): string {
    return this.#listener(this.#parts.saslBootstrapServers, 'sasl');
  }

  /** `host:port,…` of the SSL listeners. @throws KOPS_REFUSED unless asked for at start. */
  get sslBootstrapServers(): string {
    return this.#listener(this.#parts.sslBootstrapServers, 'ssl');
  }

  /** Files that clients of the SSL listener need. @throws KOPS_REFUSED unless asked for at start. */
  get certificates(): SandboxCertificates {
    return this.#listener(this.#parts.certificates, 'ssl');
  }

  get brokers(): readonly SandboxBroker[] {
    return this.#parts.nodes.map((node) => ({
      id: node.place.id,
      host: node.place.host,
      port: node.place.port,
      pid: node.pid,
      logDir: node.place.logDir,
      logFile: node.logFile,
    }));
  }

  /** Folder of a broker with one subfolder per partition. */
  logDirOf(id: number): string {
    return this.#node(id).place.logDir;
  }

  /** Crashes a broker (SIGKILL) and waits until it is gone. */
  async kill(id: number): Promise<void> {
    const node = this.#node(id);
    node.signal('SIGKILL');
    await node.gone();
  }

  /** Shuts a broker down (SIGTERM) and waits; kills it after `graceMs`. Whether it ended by itself. */
  async stop(id: number, options: { readonly graceMs?: number } = {}): Promise<boolean> {
    return await this.#node(id).stop(options.graceMs ?? defaultGraceMs);
  }

  /** Freezes a broker (SIGSTOP): its connections stay open and nothing is answered. */
  pause(id: number): void {
    this.#node(id).signal('SIGSTOP');
  }

  /** Lets a paused broker go on (SIGCONT). */
  resume(id: number): void {
    this.#node(id).signal('SIGCONT');
  }

  /**
   * Starts a broker that is down again, on the same ports and log directory, and waits until it answers and is part of
   * the cluster again.
   * @throws KOPS_REFUSED when it is running; KOPS_SANDBOX_UNAVAILABLE when it does not come up.
   */
  async restart(id: number, options: Partial<WaitOptions> = {}): Promise<void> {
    const node = this.#node(id);
    await node.start();
    await node.ready([id], { timeoutMs: this.#parts.startTimeoutMs, ...options });
  }

  /** Stops every broker and deletes all they wrote. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { nodes, folder } = this.#parts;
    // All that is left is deleted, so there is nothing to shut down in order for.
    for (const node of nodes) node.signal('SIGKILL');
    await Promise.all(nodes.map(async (node) => await node.gone()));
    await rm(folder, { recursive: true, force: true });
  }

  #node(id: number): KafkaNode {
    const node = this.#parts.nodes.find((candidate) => candidate.place.id === id);
    if (node !== undefined) return node;
    const known = this.#parts.nodes.map((candidate) => String(candidate.place.id)).join(', ');
    throw new KopsError('KOPS_USAGE', `no broker ${String(id)}`, {
      hint: `The brokers are ${known}.`,
    });
  }

  #listener<T>(value: T | undefined, option: string): T {
    if (value !== undefined) return value;
    throw new KopsError('KOPS_REFUSED', `this sandbox Kafka has no ${option} listener`, {
      hint: `Start it with the option "${option}".`,
    });
  }
}
