import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { KopsError } from '@kops/core';
import { lastLines, runProcess } from './run-process.ts';
import { sandboxUnavailable } from './sandbox-error.ts';

/** A Java runtime that was found and asked for its version. */
export interface JavaRuntime {
  /** Path of the `java` program. */
  readonly java: string;
  readonly home: string;
  /** Feature version: 17, 21, 25 … */
  readonly version: number;
}

/** The oldest Java that a Kafka 4 broker runs on (KIP-1013). */
export const minimumJavaVersion = 17;

const hint =
  'Install a Java runtime of version 17 or later (Debian: openjdk-17-jre-headless), or set KOPS_JAVA or JAVA_HOME.';

/** First file of this name on the PATH that may be executed. */
export async function findOnPath(
  program: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter((entry) => entry !== '')) {
    const candidate = join(folder, program);
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function candidates(env: NodeJS.ProcessEnv): Promise<string[]> {
  const named = env['KOPS_JAVA'];
  // Named explicitly: that one or none, so that nobody tests with another Java than they think.
  if (named !== undefined && named !== '') {
    const inHome = join(named, 'bin', 'java');
    return [(await isExecutable(inHome)) ? inHome : named];
  }
  const home = env['JAVA_HOME'];
  const onPath = await findOnPath('java', env);
  return [
    ...(home === undefined || home === '' ? [] : [join(home, 'bin', 'java')]),
    ...(onPath === undefined ? [] : [onPath]),
  ];
}

/** Version and home from the output of `java -XshowSettings:properties -version`. */
export function parseJavaSettings(output: string): { version: number; home: string } | undefined {
  const version = /java\.specification\.version = (?:1\.)?(\d+)/.exec(output)?.[1];
  const home = /java\.home = (.+)/.exec(output)?.[1]?.trim();
  return version === undefined || home === undefined
    ? undefined
    : { version: Number(version), home };
}

/**
 * Asks a `java` program for its version and home.
 * @throws KOPS_SANDBOX_UNAVAILABLE when it cannot be run or does not answer like Java.
 */
export async function readJava(
  java: string,
  signal: AbortSignal | undefined,
): Promise<JavaRuntime> {
  const result = await runProcess(java, ['-XshowSettings:properties', '-version'], {
    timeoutMs: 30_000,
    ...(signal === undefined ? {} : { signal }),
  });
  const settings = parseJavaSettings(result.stderr + result.stdout);
  if (settings === undefined) {
    throw sandboxUnavailable(`${java} is not a Java program: ${lastLines(result.stderr, 3)}`, hint);
  }
  return { java, ...settings };
}

async function probe(java: string, signal: AbortSignal | undefined): Promise<JavaRuntime> {
  const runtime = await readJava(java, signal);
  if (runtime.version < minimumJavaVersion) {
    throw sandboxUnavailable(
      `${java} is Java ${String(runtime.version)}, Kafka needs ${String(minimumJavaVersion)}`,
      hint,
    );
  }
  return runtime;
}

/**
 * Finds a Java of version 17 or later: `KOPS_JAVA` (program or home), else `JAVA_HOME`, else the PATH.
 * @throws KOPS_SANDBOX_UNAVAILABLE when there is none.
 */
export async function findJava(
  options: { readonly signal?: AbortSignal; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<JavaRuntime> {
  const reasons: string[] = [];
  for (const java of await candidates(options.env ?? process.env)) {
    try {
      return await probe(java, options.signal);
    } catch (error) {
      if (!KopsError.is(error, 'KOPS_SANDBOX_UNAVAILABLE')) throw error;
      reasons.push(error.message);
    }
  }
  throw sandboxUnavailable(
    reasons.length === 0 ? 'no Java found' : `no usable Java: ${reasons.join('; ')}`,
    hint,
  );
}

/**
 * The compiler that belongs to a runtime.
 * @throws KOPS_SANDBOX_UNAVAILABLE when it is a runtime without one.
 */
export async function findJavac(runtime: JavaRuntime): Promise<string> {
  const javac = join(runtime.home, 'bin', 'javac');
  if (await isExecutable(javac)) return javac;
  throw sandboxUnavailable(
    `${runtime.home} has no Java compiler`,
    'Install a JDK (Debian: openjdk-17-jdk-headless), or set KOPS_JAVA or JAVA_HOME.',
  );
}
