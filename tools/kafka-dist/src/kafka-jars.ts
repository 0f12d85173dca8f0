import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheEntry, defaultCacheDir } from './cache.ts';
import { findJava, findOnPath, type JavaRuntime } from './java.ts';
import { lastLines, runProcess } from './run-process.ts';
import { sandboxUnavailable } from './sandbox-error.ts';

/** The Kafka version that is used unless another is asked for. */
export const defaultKafkaVersion = '4.1.1';

/** Kafka's jars on this machine and the Java to run them with. */
export interface KafkaJars {
  readonly version: string;
  /** Folder that holds the jars and nothing else. */
  readonly libDir: string;
  /** Value for `java -cp`. */
  readonly classPath: string;
  readonly java: JavaRuntime;
}

/** Options of {@link ensureKafkaJars}. */
export interface KafkaJarsOptions {
  readonly version?: string;
  /** Where downloads are kept; see {@link defaultCacheDir}. */
  readonly cacheDir?: string;
  readonly signal?: AbortSignal;
  /** Told what is being done, for a person who waits. */
  readonly onProgress?: (what: string) => void;
}

const mavenTimeoutMs = 600_000;

/** The pom whose runtime dependencies are a broker and its command line tools. */
export function kafkaPom(version: string): string {
  const dependencies = [
    ['org.apache.kafka', 'kafka_2.13', version],
    ['org.apache.kafka', 'kafka-tools', version],
    // Logs to standard error; its level is a system property of each run.
    ['org.slf4j', 'slf4j-simple', '1.7.36'],
  ].map(
    ([group, artifact, release]) =>
      `<dependency><groupId>${String(group)}</groupId><artifactId>${String(artifact)}</artifactId><version>${String(release)}</version></dependency>`,
  );
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>',
    '<groupId>kops</groupId><artifactId>kafka-jars</artifactId><version>1</version><packaging>pom</packaging>',
    `<dependencies>${dependencies.join('')}</dependencies>`,
    '</project>',
  ].join('\n');
}

/**
 * Gives the jars of a Kafka version: from the cache, else through Maven (about 60 MB, once per version and user).
 * Safe when several processes ask at once and when one of them is killed.
 * @throws KOPS_SANDBOX_UNAVAILABLE without Java 17, without Maven, or when Maven cannot resolve the version.
 */
export async function ensureKafkaJars(options: KafkaJarsOptions = {}): Promise<KafkaJars> {
  const { version = defaultKafkaVersion, signal } = options;
  if (!/^\d+\.\d+\.\d+[\w.-]*$/.test(version)) {
    throw sandboxUnavailable(
      `${version} is not a Kafka version`,
      'Use a released version such as 4.1.1.',
    );
  }
  const withSignal = signal === undefined ? {} : { signal };
  const java = await findJava(withSignal);
  const libDir = await cacheEntry({
    path: join(options.cacheDir ?? defaultCacheDir(), 'kafka-jars', version),
    timeoutMs: mavenTimeoutMs,
    ...withSignal,
    make: async (scratch) => {
      options.onProgress?.(`fetching Kafka ${version} through Maven`);
      await resolveWithMaven(version, scratch, java, signal);
    },
  });
  return { version, libDir, classPath: join(libDir, '*'), java };
}

async function resolveWithMaven(
  version: string,
  target: string,
  java: JavaRuntime,
  signal: AbortSignal | undefined,
): Promise<void> {
  const maven = process.env['KOPS_MAVEN'] ?? (await findOnPath('mvn'));
  if (maven === undefined) {
    throw sandboxUnavailable(
      'Maven, which fetches Kafka, is not installed',
      'Install Maven (Debian: maven) or set KOPS_MAVEN, or use a Docker engine instead.',
    );
  }
  const project = `${target}.pom`;
  await mkdir(project, { recursive: true });
  try {
    await writeFile(join(project, 'pom.xml'), kafkaPom(version));
    const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies';
    const args = ['-q', '-B', goal, '-DincludeScope=runtime', `-DoutputDirectory=${target}`];
    const result = await runProcess(maven, args, {
      cwd: project,
      timeoutMs: mavenTimeoutMs,
      env: { ...process.env, JAVA_HOME: java.home },
      ...(signal === undefined ? {} : { signal }),
    });
    const jars = result.exitCode === 0 ? await readdir(target) : [];
    if (!jars.includes(`kafka_2.13-${version}.jar`)) {
      throw sandboxUnavailable(
        `Maven cannot resolve Kafka ${version}: ${lastLines(result.stdout + result.stderr)}`,
        'Check that the version exists and that Maven can reach its repository (settings.xml, proxy).',
      );
    }
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}
