import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exists, freePorts, sandboxUnavailable } from '@kops/kafka-dist';
import { hasModule, type Jdk } from './find-jdk.ts';
import { formatJvmOptions, formatSettings, sandboxSettings } from './sandbox-settings.ts';
import type { ServerPlan } from './server-runtime.ts';
import { giveTo, isReachableByOthers, isRoot, linkTree, nobody } from './unprivileged.ts';

/** Folders of one server. */
export interface ServerFolders {
  readonly folder: string;
  readonly home: string;
  readonly configDir: string;
  readonly logsDir: string;
  readonly temporaryDir: string;
  readonly dataDirectory: string;
}

/** Makes the folders of a server within `folder`; the distribution is linked there where the server could not reach it. */
export async function makeFolders(
  folder: string,
  distribution: string,
  plan: ServerPlan,
): Promise<ServerFolders> {
  const own = async (name: string): Promise<string> => {
    await mkdir(join(folder, name), { mode: 0o700 });
    return join(folder, name);
  };
  let home = distribution;
  if (isRoot()) {
    await chmod(folder, 0o711);
    if (!(await isReachableByOthers(distribution))) {
      home = join(folder, 'home');
      await linkTree(distribution, home);
    }
  }
  const dataDirectory = plan.dataDirectory ?? (await own('data'));
  await mkdir(dataDirectory, { recursive: true });
  return {
    folder,
    home,
    dataDirectory,
    configDir: await own('config'),
    logsDir: await own('logs'),
    temporaryDir: await own('tmp'),
  };
}

/** Writes the configuration and hands over to the server's user what is the server's. */
export async function writeConfig(
  folders: ServerFolders,
  jdk: Jdk,
  plan: ServerPlan,
): Promise<void> {
  const { home, configDir } = folders;
  const [transportPort = 0] = await freePorts(plan.host, 1);
  const settings = {
    ...sandboxSettings({
      security: plan.password !== undefined,
      threadPoolWriteQueueSize: plan.threadPoolWriteQueueSize,
      hasGeoip: await exists(join(home, 'modules/ingest-geoip')),
      settings: plan.settings,
    }),
    'network.host': plan.host,
    'http.port': plan.port,
    'transport.port': transportPort,
    'path.data': folders.dataDirectory,
    'path.logs': folders.logsDir,
  };
  for (const name of ['log4j2.properties', 'role_mapping.yml', 'roles.yml', 'users', 'users_roles'])
    await copyFile(join(home, 'config', name), join(configDir, name));
  await writeFile(join(configDir, 'elasticsearch.yml'), formatSettings(settings));
  await writeFile(
    join(configDir, 'jvm.options'),
    formatJvmOptions(
      plan.heapMegabytes,
      plan.jvmArgs,
      await hasModule(jdk, 'jdk.incubator.vector'),
    ),
  );
  if (!isRoot()) return;
  for (const path of [configDir, folders.logsDir, folders.temporaryDir, folders.dataDirectory])
    await giveTo(nobody, path);
  if (!(await isReachableByOthers(dirname(folders.dataDirectory)))) {
    throw sandboxUnavailable(
      `Elasticsearch does not run as root, and another user cannot reach ${folders.dataDirectory}`,
      'Use a data directory that every user can reach.',
    );
  }
}
