import { z } from 'zod';
import {
  byteSize,
  duration,
  fileMode,
  hostPort,
  isHostPort,
  numberList,
  secretText,
  setting,
  text,
  textList,
  truth,
  word,
} from './settings.ts';

const mebibyte = 1024 * 1024;
const day = 24 * 60 * 60 * 1000;

/** TLS by files. */
const tlsFiles = z.strictObject({
  caFile: text('the path of a PEM file').optional(),
  certFile: text('the path of a PEM file').optional(),
  keyFile: text('the path of a PEM file').optional(),
  passphrase: secretText('the passphrase of the key file').optional(),
  servername: text('a host name').optional(),
  rejectUnauthorized: truth().optional(),
});

const wrapped = new WeakMap<z.ZodType, z.ZodType>();

/** The schema of objects behind one that takes something else besides. */
export function objectBehind(schema: z.ZodType): z.ZodType | undefined {
  return wrapped.get(schema);
}

/** `true`, `false` or files; a union that reports the mistakes inside the branch that was meant. */
function tlsSetting(): z.ZodType<boolean | z.infer<typeof tlsFiles>> {
  const plain = truth('true, false or {caFile, certFile, keyFile, …}');
  const schema = z.unknown().transform((value, context): boolean | z.infer<typeof tlsFiles> => {
    const branch = typeof value === 'object' && value !== null ? tlsFiles : plain;
    const result = branch.safeParse(value);
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue);
    }
    return z.NEVER;
  });
  wrapped.set(schema, tlsFiles);
  return schema;
}

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

/** In Kafka's own spelling, which is in capitals, too. */
function saslMechanism(): z.ZodType<(typeof mechanisms)[number]> {
  return setting(`one of ${mechanisms.join(', ')}`, (value) =>
    mechanisms.find((known) => typeof value === 'string' && known === value.toLowerCase()),
  );
}

const sasl = z.strictObject({
  mechanism: saslMechanism(),
  username: text('a user name'),
  password: secretText('a password (a string: quote it if it contains only digits)'),
});

const cluster = z.strictObject({
  bootstrapServers: textList('a list of host:port', isHostPort),
  clientId: text().optional(),
  tls: tlsSetting().optional(),
  sasl: sasl.optional(),
});

const backup = z.strictObject({
  topics: textList('a list of topic names and globs').optional(),
  exclude: textList('a list of topic names and globs').optional(),
  expectPurge: textList('a list of topic names and globs').optional(),
  ack: word(['sync']).prefault('sync'),
  isolation: word(['read_committed', 'read_uncommitted']).prefault('read_committed'),
  segmentBytes: byteSize('a size from 1MiB to 2047MiB', [mebibyte, 2047 * mebibyte]).prefault(
    64 * mebibyte,
  ),
  fileMode: fileMode().prefault('0600'),
  generationIntervalMs: duration('a time from 1s to 1d, in ms if a number', [1000, day]).prefault(
    60_000,
  ),
  outageLimitMs: duration('a time from 1s to 30d, in ms if a number', [1000, 30 * day]).optional(),
});

/** A backup that an archiver runs by itself. */
const standingBackup = z
  .strictObject({
    cluster: text('the name of a cluster in clusters'),
    repositories: textList('the names of repositories in repositories'),
    topics: textList('a list of topic names and globs').optional(),
    exclude: textList('a list of topic names and globs').optional(),
    expectPurge: textList('a list of topic names and globs').optional(),
    isolation: word(['read_committed', 'read_uncommitted']).prefault('read_committed'),
    follow: truth().prefault(false),
    generationIntervalMs: duration('a time from 1s to 1d, in ms if a number', [1000, day]).prefault(
      60_000,
    ),
    outageLimitMs: duration('a time from 1s to 30d, in ms if a number', [
      1000,
      30 * day,
    ]).optional(),
    intervalMs: duration('a time from 1m to 30d, in ms if a number', [60_000, 30 * day]).optional(),
  })
  .superRefine(({ follow, intervalMs }, context) => {
    if (follow !== (intervalMs === undefined))
      context.addIssue({ code: 'custom', message: 'either follow: true or intervalMs' });
  });

function isListenAddress(value: string): boolean {
  return /^unix:\/.+/.test(value) || isHostPort(value);
}

const archiver = z.strictObject({
  listen: hostPort('host:port or unix:/path', isListenAddress).optional(),
  address: hostPort('host:port or unix:/path', isListenAddress).optional(),
  secret: secretText('the secret that agents and archiver share').optional(),
  tls: tlsSetting().optional(),
});

const agent = z.strictObject({
  host: text('a host name').optional(),
  rack: text('the name of a rack').optional(),
  brokers: numberList('a list of broker ids').optional(),
  archiver: hostPort('host:port or unix:/path', isListenAddress).optional(),
});

/** The Kibana that `kops kibana setup` writes to. */
const kibana = z.strictObject({
  url: text('the URL of a Kibana').optional(),
  space: text('the id of a space').optional(),
  username: text('a user name').optional(),
  password: secretText('a password (a string: quote it if it contains only digits)').optional(),
  apiKey: secretText('an API key in its encoded form').optional(),
  caFile: text('the path of a PEM file').optional(),
  allowInsecure: truth().optional(),
});

/** How the catalog's Elasticsearch is reached; what does not fit each other is found out by who connects. */
const elasticsearch = z.strictObject({
  node: textList('the URL of an Elasticsearch, or a list of its nodes').optional(),
  cloudId: text('the id of a deployment').optional(),
  username: text('a user name').optional(),
  password: secretText('a password (a string: quote it if it contains only digits)').optional(),
  apiKey: secretText('an API key in its encoded form').optional(),
  caFile: text('the path of a PEM file').optional(),
  tlsVerification: word(['full', 'certificate', 'none']).optional(),
  allowInsecure: truth().optional(),
  requestTimeoutMs: duration(
    'a time from 1s to 10m, in ms if a number',
    [1000, 600_000],
  ).optional(),
});

const schemaRegistry = z.strictObject({
  url: text('the URL of a schema registry').optional(),
  username: text('a user name').optional(),
  password: secretText('a password (a string: quote it if it contains only digits)').optional(),
  caFile: text('the path of a PEM file').optional(),
  allowInsecure: truth().optional(),
});

/** The rules for records have their own schema, in the package that follows them. */
const catalog = z.strictObject({
  elasticsearch: elasticsearch.prefault({}),
  prefix: text('a prefix for index names').optional(),
  records: z.array(z.unknown()).optional(),
  hashKey: secretText('a secret key for hashes').optional(),
  stateDirectory: text('a directory').optional(),
  schemaRegistry: schemaRegistry.prefault({}),
});

/** Everything that can be configured. Unknown keys are errors. */
export const configSchema = z.strictObject({
  cluster: cluster.optional(),
  repository: textList('a repository or a list of them').optional(),
  backup: backup.prefault({}),
  archiver: archiver.prefault({}),
  agent: agent.prefault({}),
  clusters: z.record(z.string(), cluster).prefault({}),
  repositories: z.record(z.string(), text('the path of a repository')).prefault({}),
  backups: z.record(z.string(), standingBackup).prefault({}),
  catalog: catalog.prefault({}),
  kibana: kibana.optional(),
  logging: z
    .strictObject({ level: word(['debug', 'info', 'warn', 'error']).prefault('info') })
    .prefault({}),
});

/** The effective configuration. Times in ms, sizes in bytes. */
export type Config = z.infer<typeof configSchema>;

/** How to reach a Kafka cluster, as configured. */
export type ClusterConfig = z.infer<typeof cluster>;

/** A backup that an archiver runs by itself, as configured. */
export type StandingBackupConfig = z.infer<typeof standingBackup>;

/** TLS as configured: on or off, or by files. */
export type TlsConfig = boolean | z.infer<typeof tlsFiles>;
