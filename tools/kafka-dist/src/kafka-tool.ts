import { spawnGuarded, type GuardedProcess, type GuardOptions } from './guarded-process.ts';
import type { KafkaJars } from './kafka-jars.ts';
import { runProcess, type RunOptions, type RunResult } from './run-process.ts';

/** Options of Java programs that run to their end. */
export interface JavaRunOptions extends RunOptions {
  /** Options of the virtual machine, such as `-Xmx1g`. */
  readonly jvmArgs?: readonly string[];
}

/** Options of Java programs that are talked to while they run. */
export interface JavaSpawnOptions extends GuardOptions {
  readonly jvmArgs?: readonly string[];
}

/** Programs live for seconds: the quick compiler alone, one collector thread, and errors only on standard error. */
const shortLived = [
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '-Xshare:auto',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
];

/** The arguments of `java` that run a main class with Kafka's jars on the class path. */
export function javaArguments(
  jars: KafkaJars,
  mainClass: string,
  args: readonly string[],
  options: { readonly jvmArgs?: readonly string[]; readonly classPath?: string } = {},
): string[] {
  const classPath =
    options.classPath === undefined ? jars.classPath : `${options.classPath}:${jars.classPath}`;
  return [...shortLived, ...(options.jvmArgs ?? []), '-cp', classPath, mainClass, ...args];
}

/**
 * Runs one of Kafka's console tools by class name, e.g. `org.apache.kafka.tools.TopicCommand`, to its end.
 * A non-zero exit code is a result, not an error.
 * @throws KOPS_SANDBOX_UNAVAILABLE when it cannot start or does not end in time; KOPS_INTERRUPTED.
 */
export async function runKafkaTool(
  jars: KafkaJars,
  mainClass: string,
  args: readonly string[],
  options: JavaRunOptions = {},
): Promise<RunResult> {
  return await runProcess(jars.java.java, javaArguments(jars, mainClass, args, options), options);
}

/**
 * Starts one of Kafka's console tools and hands over its streams.
 * @throws KOPS_SANDBOX_UNAVAILABLE when it cannot start.
 */
export async function spawnKafkaTool(
  jars: KafkaJars,
  mainClass: string,
  args: readonly string[],
  options: JavaSpawnOptions = {},
): Promise<GuardedProcess> {
  return await spawnGuarded(jars.java.java, javaArguments(jars, mainClass, args, options), options);
}
