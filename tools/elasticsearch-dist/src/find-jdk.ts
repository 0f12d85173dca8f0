import { readFile, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { KopsError } from '@kops/core';
import { readJava, sandboxUnavailable } from '@kops/kafka-dist';
import { isReachableByOthers } from './unprivileged.ts';

/** A Java that Elasticsearch can run on. */
export interface Jdk {
  readonly java: string;
  readonly home: string;
  readonly version: number;
}

/** The oldest Java that Elasticsearch 9 runs on. */
export const minimumJdkVersion = 21;

/** What Elasticsearch's sandbox of itself needs, and runtimes that were made smaller lack. */
const neededModule = 'jdk.jdi';

/** Where to look. */
export interface FindJdkOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Folders whose subfolders are Java homes. */
  readonly folders?: readonly string[];
  /** Another user must be able to run it. */
  readonly forOthers?: boolean;
  readonly signal?: AbortSignal;
}

/** Where packages and version managers put them. */
function usualFolders(): string[] {
  return [
    '/usr/lib/jvm',
    '/opt',
    '/Library/Java/JavaVirtualMachines',
    join(homedir(), '.sdkman/candidates/java'),
  ];
}

async function candidates(options: FindJdkOptions): Promise<string[]> {
  const { env = process.env, folders = usualFolders() } = options;
  const named = env['ES_JAVA_HOME'];
  // Named explicitly: that one or none, so that nobody tests with another Java than they think.
  if (named !== undefined && named !== '') return [join(named, 'bin/java')];
  const home = env['JAVA_HOME'];
  const onPath = (env['PATH'] ?? '').split(delimiter).filter((entry) => entry !== '');
  return [
    ...(home === undefined || home === '' ? [] : [join(home, 'bin/java')]),
    ...onPath.map((folder) => join(folder, 'java')),
    ...(await Promise.all(folders.map(homesIn))).flat().map((found) => join(found, 'bin/java')),
  ];
}

async function homesIn(folder: string): Promise<string[]> {
  try {
    const homes = (await readdir(folder)).sort().map((name) => join(folder, name));
    return homes.flatMap((home) => [home, join(home, 'Contents/Home')]);
  } catch {
    // Not there or not ours to read: nothing to find.
    return [];
  }
}

/**
 * Finds a Java of version 21 or later: `ES_JAVA_HOME`, else `JAVA_HOME`, the PATH, and where Java is usually installed.
 * @throws KOPS_SANDBOX_UNAVAILABLE with what was found instead.
 */
export async function findJdk(options: FindJdkOptions = {}): Promise<Jdk> {
  const unfit = new Set<string>();
  for (const java of await candidates(options)) {
    const found = await probe(java, options.signal);
    if (found === undefined) continue;
    if (found.version < minimumJdkVersion) unfit.add(`Java ${String(found.version)}`);
    else if (!(await hasModule(found, neededModule)))
      unfit.add(`Java ${String(found.version)} without the module ${neededModule} (${found.home})`);
    else if (options.forOthers === true && !(await isReachableByOthers(found.java)))
      unfit.add(`Java ${String(found.version)} that only root can reach (${found.home})`);
    else return found;
  }
  const instead = unfit.size === 0 ? 'no Java at all' : `only ${[...unfit].join(', ')}`;
  throw sandboxUnavailable(
    `Elasticsearch needs a JDK of version ${String(minimumJdkVersion)} or later, found ${instead}`,
    'Install one (openjdk-21-jdk-headless on Debian 13, temurin-21-jdk of packages.adoptium.net on Debian 12) or set ES_JAVA_HOME.',
  );
}

async function probe(java: string, signal: AbortSignal | undefined): Promise<Jdk | undefined> {
  try {
    return await readJava(java, signal);
  } catch (error) {
    if (KopsError.is(error, 'KOPS_SANDBOX_UNAVAILABLE')) return undefined;
    throw error;
  }
}

/** Whether a Java has a module; one whose parts are not listed is taken for a whole one. */
export async function hasModule(jdk: Jdk, name: string): Promise<boolean> {
  try {
    const modules = /^MODULES="(.*)"$/m.exec(
      await readFile(join(jdk.home, 'release'), 'utf8'),
    )?.[1];
    return modules === undefined || modules.split(' ').includes(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
}
