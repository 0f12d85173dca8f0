import { randomBytes } from 'node:crypto';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SaslUser } from './broker-properties.ts';
import type { KafkaJars } from './kafka-jars.ts';
import { runKafkaTool } from './kafka-tool.ts';
import { lastLines } from './run-process.ts';
import { sandboxUnavailable } from './sandbox-error.ts';

/** A random id as Kafka writes them: 16 bytes as URL-safe base64, not beginning with a dash. */
export function randomKafkaId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}

/** What a node needs to be formatted. */
export interface FormatTarget {
  readonly id: number;
  readonly propertiesFile: string;
  readonly logDir: string;
}

function scramArguments(users: readonly SaslUser[]): string[] {
  return ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) =>
    users.flatMap(({ username, password }) => [
      '--add-scram',
      `${mechanism}=[name=${username},password=${password}]`,
    ]),
  );
}

/**
 * Formats the log directories of a cluster's nodes. The first by Kafka's StorageTool; the others are copies of it with
 * an id of their own, since another second of a virtual machine for each would come to the same.
 * @throws KOPS_SANDBOX_UNAVAILABLE when Kafka refuses the properties.
 */
export async function formatStorage(
  jars: KafkaJars,
  targets: readonly FormatTarget[],
  options: {
    readonly clusterId: string;
    readonly users: readonly SaslUser[];
    readonly signal?: AbortSignal;
  },
): Promise<void> {
  const [first, ...others] = targets;
  if (first === undefined) return;
  const args = [
    'format',
    '-t',
    options.clusterId,
    '-c',
    first.propertiesFile,
    ...scramArguments(options.users),
  ];
  const result = await runKafkaTool(jars, 'kafka.tools.StorageTool', args, {
    timeoutMs: 60_000,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (result.exitCode !== 0) {
    throw sandboxUnavailable(
      `Kafka rejects this configuration: ${lastLines(result.stdout + result.stderr)}`,
      'Correct the requested broker configuration.',
    );
  }
  for (const target of others) await copyFormatted(first, target);
}

async function copyFormatted(from: FormatTarget, to: FormatTarget): Promise<void> {
  await cp(from.logDir, to.logDir, { recursive: true });
  const file = join(to.logDir, 'meta.properties');
  const text = await readFile(file, 'utf8');
  const own = text
    .replace(/^node\.id=.*$/m, `node.id=${String(to.id)}`)
    .replace(/^directory\.id=.*$/m, `directory.id=${randomKafkaId()}`);
  await writeFile(file, own);
}
