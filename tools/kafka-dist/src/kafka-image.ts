import { chmod, copyFile, cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dockerEnv, runDocker, type DockerEngine } from './docker-engine.ts';
import { defaultKafkaVersion, ensureKafkaJars, type KafkaJarsOptions } from './kafka-jars.ts';
import { makeRootfs } from './rootfs.ts';
import { lastLines, runProcess } from './run-process.ts';
import { sandboxUnavailable } from './sandbox-error.ts';

/** Options of {@link ensureKafkaImage}. */
export interface KafkaImageOptions extends KafkaJarsOptions {
  /** Whether to ask a registry; `KOPS_DOCKER_PULL=never` says no for all. */
  readonly pull?: boolean;
}

/** An image with the contract of `apache/kafka`. */
export interface KafkaImage {
  readonly name: string;
  readonly version: string;
  /** Where it came from. */
  readonly origin: 'present' | 'pulled' | 'built';
}

const pullTimeoutMs = 300_000;
const buildTimeoutMs = 300_000;

function dockerFile(name: string): string {
  return fileURLToPath(new URL(`../docker/${name}`, import.meta.url));
}

async function isPresent(engine: DockerEngine, image: string): Promise<boolean> {
  const result = await runDocker(engine, ['image', 'inspect', '--format', '{{.Id}}', image], {
    timeoutMs: 30_000,
  });
  return result.exitCode === 0;
}

/**
 * Gives an image of Kafka: `apache/kafka:<version>` where the engine has it or can pull it, else one with the same
 * contract that is built here from the jars and this machine's Java, as `kops/kafka:<version>`: `/etc/kafka/docker/run`
 * turns `KAFKA_*` into properties, formats and starts; the jars are in `/opt/kafka/libs`; it listens on 9092.
 * @throws KOPS_SANDBOX_UNAVAILABLE when there is no way to have one.
 */
export async function ensureKafkaImage(
  engine: DockerEngine,
  options: KafkaImageOptions = {},
): Promise<KafkaImage> {
  const { version = defaultKafkaVersion, onProgress } = options;
  const official = `apache/kafka:${version}`;
  const own = `kops/kafka:${version}`;
  for (const name of [official, own]) {
    if (await isPresent(engine, name)) return { name, version, origin: 'present' };
  }
  if (options.pull ?? process.env['KOPS_DOCKER_PULL'] !== 'never') {
    onProgress?.(`pulling ${official}`);
    const pulled = await runDocker(engine, ['pull', '-q', official], { timeoutMs: pullTimeoutMs });
    if (pulled.exitCode === 0) return { name: official, version, origin: 'pulled' };
  }
  onProgress?.(`building ${own}`);
  await buildImage(engine, own, options);
  return { name: own, version, origin: 'built' };
}

async function buildImage(
  engine: DockerEngine,
  name: string,
  options: KafkaImageOptions,
): Promise<void> {
  const jars = await ensureKafkaJars(options);
  const root = await mkdtemp(join(tmpdir(), 'kops-rootfs-'));
  try {
    await makeRootfs(root, jars.java);
    await mkdir(join(root, 'opt/kafka/config'), { recursive: true });
    await cp(jars.libDir, join(root, 'opt/kafka/libs'), { recursive: true });
    await mkdir(join(root, 'etc/kafka/docker'), { recursive: true });
    for (const file of ['run', 'server.properties']) {
      await copyFile(dockerFile(file), join(root, 'etc/kafka/docker', file));
    }
    await chmod(join(root, 'etc/kafka/docker/run'), 0o755);
    await chmod(root, 0o755);
    await importImage(engine, root, name, options.signal);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function importImage(
  engine: DockerEngine,
  root: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const changes = [
    'CMD ["/etc/kafka/docker/run"]',
    'EXPOSE 9092',
    'WORKDIR /opt/kafka',
    'ENV PATH=/usr/bin:/opt/java/bin',
    'ENV JAVA_HOME=/opt/java',
  ].flatMap((change) => ['--change', change]);
  const script =
    'root=$1; shift; tar -C "$root" --owner=0 --group=0 --numeric-owner -cf - . | "$@"';
  const args = ['-c', script, 'kops-import', root, engine.program, 'import', ...changes, '-', name];
  const result = await runProcess('sh', args, {
    timeoutMs: buildTimeoutMs,
    env: dockerEnv(engine.host),
    ...(signal === undefined ? {} : { signal }),
  });
  if (result.exitCode !== 0) {
    throw sandboxUnavailable(
      `the Docker engine rejected the image: ${lastLines(result.stderr)}`,
      'Check that its disk is not full, or use the sandbox "jvm", which needs no Docker engine.',
    );
  }
}
