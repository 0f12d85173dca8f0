import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { KopsError } from '@kops/core';
import { cacheEntry, defaultCacheDir } from './cache.ts';
import type { GuardedProcess } from './guarded-process.ts';
import { findJavac } from './java.ts';
import type { KafkaJars } from './kafka-jars.ts';
import { javaArguments, type JavaRunOptions, type JavaSpawnOptions } from './kafka-tool.ts';
import { spawnGuarded } from './guarded-process.ts';
import { lastLines, runProcess, type RunResult } from './run-process.ts';

/** A program as Java sources: the first file holds `main` in the class it is named after. */
export type JavaProgram = string | readonly [string, ...string[]];

const compileTimeoutMs = 120_000;

function filesOf(program: JavaProgram): readonly [string, ...string[]] {
  return typeof program === 'string' ? [program] : program;
}

/**
 * Compiles Java sources against Kafka's jars. Classes are cached by the content of the sources, so this costs
 * something once. Returns the folder of classes.
 * @throws KOPS_SANDBOX_UNAVAILABLE without a compiler; KOPS_CONFIG when the sources do not compile.
 */
export async function compileJava(
  jars: KafkaJars,
  program: JavaProgram,
  options: { readonly cacheDir?: string } = {},
): Promise<string> {
  const files = filesOf(program);
  const hash = createHash('sha256').update(`${jars.version} ${String(jars.java.version)}\n`);
  for (const file of files)
    hash
      .update(`${basename(file)}\0`)
      .update(await readFile(file))
      .update('\0');
  const key = hash.digest('hex').slice(0, 32);
  return await cacheEntry({
    path: join(options.cacheDir ?? defaultCacheDir(), 'java-classes', key),
    make: async (scratch) => {
      const javac = await findJavac(jars.java);
      await mkdir(scratch);
      const args = [
        '-Xlint:-options',
        '-proc:none',
        '-cp',
        jars.classPath,
        '-d',
        scratch,
        ...files,
      ];
      const result = await runProcess(javac, args, { timeoutMs: compileTimeoutMs });
      if (result.exitCode !== 0) {
        throw new KopsError(
          'KOPS_CONFIG',
          `Java sources do not compile: ${lastLines(result.stderr, 40)}`,
          {
            hint: 'Correct the source, or use the Kafka version that it was written for.',
          },
        );
      }
    },
  });
}

async function argumentsFor(
  jars: KafkaJars,
  program: JavaProgram,
  args: readonly string[],
  jvmArgs: readonly string[] | undefined,
): Promise<string[]> {
  const classPath = await compileJava(jars, program);
  const mainClass = basename(filesOf(program)[0], '.java');
  return javaArguments(jars, mainClass, args, {
    classPath,
    ...(jvmArgs === undefined ? {} : { jvmArgs }),
  });
}

/**
 * Compiles (once) and runs a Java program with Kafka's jars on the class path, to its end.
 * A non-zero exit code is a result, not an error.
 * @throws KOPS_SANDBOX_UNAVAILABLE; KOPS_CONFIG when it does not compile; KOPS_INTERRUPTED.
 */
export async function runJava(
  jars: KafkaJars,
  program: JavaProgram,
  args: readonly string[] = [],
  options: JavaRunOptions = {},
): Promise<RunResult> {
  return await runProcess(
    jars.java.java,
    await argumentsFor(jars, program, args, options.jvmArgs),
    options,
  );
}

/**
 * Compiles (once) and starts a Java program, and hands over its streams.
 * @throws KOPS_SANDBOX_UNAVAILABLE; KOPS_CONFIG when it does not compile.
 */
export async function spawnJava(
  jars: KafkaJars,
  program: JavaProgram,
  args: readonly string[] = [],
  options: JavaSpawnOptions = {},
): Promise<GuardedProcess> {
  return await spawnGuarded(
    jars.java.java,
    await argumentsFor(jars, program, args, options.jvmArgs),
    options,
  );
}
