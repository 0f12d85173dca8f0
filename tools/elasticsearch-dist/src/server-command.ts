import { lastLines, runProcess, sandboxUnavailable } from '@kops/kafka-dist';
import type { Jdk } from './find-jdk.ts';
import type { ServerFolders } from './server-folders.ts';
import { isRoot, nobody } from './unprivileged.ts';

/** The command as the user that the server may run as. */
export function unprivileged(command: readonly [string, ...string[]]): [string, ...string[]] {
  if (!isRoot()) return [...command];
  const id = String(nobody);
  return ['setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups', ...command];
}

/** A small virtual machine with the quick compiler alone: it waits for another one that does the work. */
export const smallJvm = ['-Xms4m', '-Xmx64m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/** What the scripts of the distribution pass on. None of the caller's Java options, which would reach the server. */
export function environment(folders: ServerFolders, jdk: Jdk): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    LANG: 'C.UTF-8',
    HOSTNAME: 'localhost',
    JAVA: jdk.java,
    JAVA_TYPE: 'ES_JAVA_HOME',
    ES_JAVA_HOME: jdk.home,
    ES_HOME: folders.home,
    ES_PATH_CONF: folders.configDir,
    ES_TMPDIR: folders.temporaryDir,
    ES_DISTRIBUTION_TYPE: 'tar',
  };
}

/** Puts the first password of the user `elastic` where the server looks for it. */
export async function writeKeystore(
  folders: ServerFolders,
  jdk: Jdk,
  password: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { home, configDir } = folders;
  const [command, ...args] = unprivileged([
    jdk.java,
    ...smallJvm,
    `-Djava.io.tmpdir=${folders.temporaryDir}`,
    '-Dcli.name=keystore',
    `-Dcli.script=${home}/bin/elasticsearch-keystore`,
    '-Dcli.libs=lib/tools/keystore-cli',
    `-Des.path.home=${home}`,
    `-Des.path.conf=${configDir}`,
    '-Des.distribution.type=tar',
    '-Des.java.type=ES_JAVA_HOME',
    ...['-cp', `${home}/lib/*:${home}/lib/cli-launcher/*`],
    'org.elasticsearch.launcher.CliToolLauncher',
    ...['add', '--force', '--stdin', 'bootstrap.password'],
  ]);
  const result = await runProcess(command, args, {
    stdin: `${password}\n`,
    cwd: home,
    env: environment(folders, jdk),
    timeoutMs: 60_000,
    ...(signal === undefined ? {} : { signal }),
  });
  if (result.exitCode === 0) return;
  throw sandboxUnavailable(
    `setting the password of Elasticsearch failed: ${lastLines(result.stdout + result.stderr)}`,
    'Read the output above. Check memory and disk space first.',
  );
}
