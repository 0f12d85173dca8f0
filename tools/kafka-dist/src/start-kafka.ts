import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanedUp, KopsError, toKopsError } from '@kops/core';
import {
  formatProperties,
  nodeProperties,
  type NodePorts,
  type SaslUser,
} from './broker-properties.ts';
import { makeCertificates, type SandboxCertificates } from './certificates.ts';
import { freePorts } from './free-ports.ts';
import { KafkaCluster } from './kafka-cluster.ts';
import { ensureKafkaJars, type KafkaJars, type KafkaJarsOptions } from './kafka-jars.ts';
import { KafkaNode } from './kafka-node.ts';
import { formatStorage, randomKafkaId } from './storage-format.ts';

/** What kind of cluster {@link startKafka} starts. */
export interface KafkaOptions extends KafkaJarsOptions {
  /** One broker, or three of which any may die. */
  readonly brokers?: 1 | 3;
  /** Broker properties; they win over the sandbox's own. */
  readonly config?: Readonly<Record<string, string>>;
  /** `broker.rack` by position. */
  readonly racks?: readonly string[];
  /** Adds a SASL_PLAINTEXT listener: PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 for each of these users. */
  readonly sasl?: { readonly users: readonly SaslUser[] };
  /** Adds an SSL listener with certificates made for it. */
  readonly ssl?: { readonly clientAuth?: 'none' | 'required' };
  /** Turns access control on: who is not a super user may do what ACLs allow, and nothing else. */
  readonly authorizer?: { readonly superUsers?: readonly string[] };
  /** How much the brokers write to their log files. */
  readonly logLevel?: 'off' | 'error' | 'warn' | 'info';
  /** Heap of each broker in MiB; 256 for one, 192 for each of three. */
  readonly heapMiB?: number;
  /** Further options of each broker's virtual machine; they come last and so win over the sandbox's own. */
  readonly jvmArgs?: readonly string[];
  /** Folders or jars for the brokers' class path, e.g. of a policy (see `compileJava`). */
  readonly extraClassPath?: readonly string[];
  /** How long brokers may take until they answer. */
  readonly startTimeoutMs?: number;
}

const host = '127.0.0.1';
const portAttempts = 3;

/**
 * Starts a throwaway Kafka (KRaft, nodes that are broker and controller at once) on 127.0.0.1 and waits until every
 * broker answers and sees all others. It ends with this process, even when that is killed.
 * @throws KOPS_SANDBOX_UNAVAILABLE with what is missing on this machine or what the brokers say; KOPS_INTERRUPTED.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaCluster> {
  const found = await ensureKafkaJars(options);
  const classPath = [...(options.extraClassPath ?? []), found.classPath].join(':');
  const jars = { ...found, classPath };
  for (let attempt = 1; ; attempt++) {
    const folder = await mkdtemp(join(tmpdir(), 'kops-kafka-'));
    const nodes: KafkaNode[] = [];
    try {
      return await startIn(folder, nodes, jars, options);
    } catch (thrown) {
      const error = toKopsError(await cleanedUp(thrown, () => discard(folder, nodes)));
      // Somebody took one of the ports in the moment since they were found free.
      if (attempt >= portAttempts || !error.message.includes('Address already in use')) throw error;
    }
  }
}

async function discard(folder: string, nodes: readonly KafkaNode[]): Promise<void> {
  for (const node of nodes) node.signal('SIGKILL');
  await Promise.all(nodes.map(async (node) => await node.gone()));
  await rm(folder, { recursive: true, force: true });
}

async function startIn(
  folder: string,
  nodes: KafkaNode[],
  jars: KafkaJars,
  options: KafkaOptions,
): Promise<KafkaCluster> {
  const { startTimeoutMs = 60_000, signal } = options;
  const clusterId = randomKafkaId();
  const ports = await choosePorts(options);
  const certificates = options.ssl === undefined ? undefined : await makeCertificates(folder);
  const jvmArgs = brokerJvmArguments(options);
  for (const { id } of ports)
    nodes.push(await prepareNode(id, { folder, ports, certificates, jars, jvmArgs, options }));
  const targets = nodes.map(({ place }) => ({
    id: place.id,
    logDir: place.logDir,
    propertiesFile: join(place.folder, 'server.properties'),
  }));
  const wait = { timeoutMs: startTimeoutMs, ...(signal === undefined ? {} : { signal }) };
  await formatStorage(jars, targets, { clusterId, users: options.sasl?.users ?? [], ...wait });
  await Promise.all(nodes.map(async (node) => await node.start()));
  const ids = ports.map((node) => node.id);
  await Promise.all(nodes.map(async (node) => await node.ready(ids, wait)));
  const servers = (listener: keyof NodePorts): string =>
    ports.map((node) => `${host}:${String(node.ports[listener])}`).join(',');
  return new KafkaCluster({
    jars,
    clusterId,
    nodes,
    folder,
    startTimeoutMs,
    bootstrapServers: servers('plaintext'),
    ...(options.sasl === undefined ? {} : { saslBootstrapServers: servers('sasl') }),
    ...(certificates === undefined ? {} : { sslBootstrapServers: servers('ssl'), certificates }),
  });
}

interface NumberedPorts {
  readonly id: number;
  readonly ports: NodePorts;
}

async function choosePorts(options: KafkaOptions): Promise<NumberedPorts[]> {
  const brokers = options.brokers ?? 1;
  const free = await freePorts(host, brokers * 4);
  const take = (): number => {
    const port = free.pop();
    if (port === undefined) throw new KopsError('KOPS_UNEXPECTED', 'fewer ports than asked for');
    return port;
  };
  return Array.from({ length: brokers }, (_, index) => ({
    id: index + 1,
    ports: {
      plaintext: take(),
      controller: take(),
      ...(options.sasl === undefined ? {} : { sasl: take() }),
      ...(options.ssl === undefined ? {} : { ssl: take() }),
    },
  }));
}

/** A broker lives for seconds or minutes: the quick compiler alone and the smallest collector. */
function brokerJvmArguments(options: KafkaOptions): string[] {
  const heapMiB = options.heapMiB ?? (options.brokers === 3 ? 192 : 256);
  return [
    `-Xmx${String(heapMiB)}m`,
    '-Xms64m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-Xshare:auto',
    '-Djava.awt.headless=true',
    `-Dorg.slf4j.simpleLogger.defaultLogLevel=${options.logLevel ?? 'warn'}`,
    '-Dorg.slf4j.simpleLogger.showDateTime=true',
    '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS',
    ...(options.jvmArgs ?? []),
  ];
}

interface Preparation {
  readonly folder: string;
  readonly ports: readonly NumberedPorts[];
  readonly certificates: SandboxCertificates | undefined;
  readonly jars: KafkaJars;
  readonly jvmArgs: readonly string[];
  readonly options: KafkaOptions;
}

async function prepareNode(id: number, preparation: Preparation): Promise<KafkaNode> {
  const { ports, certificates, options } = preparation;
  const folder = join(preparation.folder, `broker-${String(id)}`);
  const logDir = join(folder, 'data');
  await mkdir(logDir, { recursive: true });
  const rack = options.racks?.[id - 1];
  const properties = nodeProperties({
    id,
    host,
    nodes: ports,
    logDir,
    config: options.config ?? {},
    ...(rack === undefined ? {} : { rack }),
    ...(options.sasl === undefined ? {} : { sasl: options.sasl.users }),
    ...(certificates === undefined
      ? {}
      : {
          ssl: { certificate: certificates.broker, clientAuth: options.ssl?.clientAuth ?? 'none' },
        }),
    ...(options.authorizer === undefined
      ? {}
      : { superUsers: options.authorizer.superUsers ?? [] }),
  });
  await writeFile(join(folder, 'server.properties'), formatProperties(properties), { mode: 0o600 });
  const port = ports.find((node) => node.id === id)?.ports.plaintext ?? 0;
  return new KafkaNode({ id, host, port, folder, logDir }, preparation.jars, preparation.jvmArgs);
}
