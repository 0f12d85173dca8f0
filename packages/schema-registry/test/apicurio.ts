import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { findJdk, type Jdk } from '@kops/elasticsearch-dist';
import {
  cacheEntry,
  defaultCacheDir,
  exists,
  findOnPath,
  freePorts,
  lastLines,
  runProcess,
  sandboxUnavailable,
  spawnGuarded,
  type GuardedProcess,
} from '@kops/kafka-dist';

/*
 * Apicurio Registry, which speaks the API of Confluent's registry and keeps its schemas in memory when told nothing else. It comes
 * through Maven: 159 MB, once per version and user. `KOPS_APICURIO_FETCH=never` forbids that.
 */
const version = '3.3.3';
const archiveName = `apicurio-registry-app-${version}-all.tar.gz`;
const archiveSha256 = '8bc6751c76d963734224b01d5e7f84ccb3cb61c87d3bd77c36c35f10a5cbed63';
const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1';

/** What a registry is started from. */
export interface ApicurioInstallation {
  readonly folder: string;
  readonly jdk: Jdk;
}

/**
 * Finds or fetches Apicurio.
 * @throws KOPS_SANDBOX_UNAVAILABLE without a JDK of version 21 or later, without Maven, or where it cannot be fetched.
 */
export async function ensureApicurio(): Promise<ApicurioInstallation> {
  const jdk = await findJdk({});
  const path = join(defaultCacheDir(), 'apicurio-registry', version);
  if (!(await exists(path)) && process.env['KOPS_APICURIO_FETCH'] === 'never')
    throw sandboxUnavailable('Apicurio is not in the cache', 'Unset KOPS_APICURIO_FETCH.');
  const folder = await cacheEntry({ path, make: (scratch) => fetchWithMaven(scratch, jdk) });
  return { folder, jdk };
}

async function fetchWithMaven(target: string, jdk: Jdk): Promise<void> {
  const maven = process.env['KOPS_MAVEN'] ?? (await findOnPath('mvn'));
  if (maven === undefined)
    throw sandboxUnavailable('Maven is needed to fetch Apicurio', 'Install Maven (Debian: maven).');
  const scratch = `${target}.maven`;
  try {
    const artifact = `io.apicurio:apicurio-registry-app:${version}:tar.gz:all`;
    // A local repository of its own, which goes with the archive.
    await run(maven, jdk, [
      '-q',
      '-B',
      '-C',
      `-Dmaven.repo.local=${join(scratch, 'repository')}`,
      `${plugin}:copy`,
      `-Dartifact=${artifact}`,
      `-DoutputDirectory=${scratch}`,
      '-Dmdep.useBaseVersion=true',
    ]);
    const archive = join(scratch, archiveName);
    const hash = createHash('sha256');
    await pipeline(createReadStream(archive), hash);
    if (hash.digest('hex') !== archiveSha256)
      throw sandboxUnavailable(`${archiveName} is not what it was`, 'See what Maven downloaded.');
    await mkdir(target, { recursive: true });
    await run('tar', jdk, ['xzf', archive, '-C', target]);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function run(command: string, jdk: Jdk, args: readonly string[]): Promise<void> {
  const env = { ...process.env, JAVA_HOME: jdk.home };
  const result = await runProcess(command, args, { env, timeoutMs: 600_000 });
  if (result.exitCode !== 0)
    throw sandboxUnavailable(
      `Apicurio cannot be fetched: ${lastLines(result.stdout + result.stderr)}`,
      'See whether Maven reaches its repository (settings.xml, proxy).',
    );
}

/** A registry that runs. */
export interface Apicurio extends AsyncDisposable {
  /** Address of the API that is Confluent's. */
  readonly url: string;
  /** The same with TLS. */
  readonly secureUrl: string;
  /** PEM of the certificate, which signed itself. */
  readonly caFile: string;
  readonly process: GuardedProcess;
}

const apiPath = '/apis/ccompat/v7';
const startTimeoutMs = 120_000;

/** Starts a registry on this host, without any schema; it ends with this process. */
export async function startApicurio({ folder, jdk }: ApicurioInstallation): Promise<Apicurio> {
  const [port = 0, securePort = 0] = await freePorts('127.0.0.1', 2);
  const work = await mkdtemp(join(tmpdir(), 'kops-apicurio-'));
  const { keyStore, caFile } = await makeCertificate(jdk, work);
  const log = await open(join(work, 'log'), 'w');
  const settings = {
    'quarkus.http.host': '127.0.0.1',
    'quarkus.http.port': port,
    'quarkus.http.ssl-port': securePort,
    'quarkus.http.insecure-requests': 'enabled',
    'quarkus.http.ssl.certificate.key-store-file': keyStore,
    'quarkus.http.ssl.certificate.key-store-password': storePassword,
  };
  const args = Object.entries(settings).map(([name, value]) => `-D${name}=${String(value)}`);
  const process = await spawnGuarded(
    jdk.java,
    ['-Xmx384m', '-XX:+UseSerialGC', ...args, '-jar', join(folder, 'quarkus-run.jar')],
    { cwd: work, stdout: log.fd, stderr: log.fd, orphanCleanup: work },
  );
  const apicurio = {
    url: `http://127.0.0.1:${port}${apiPath}`,
    secureUrl: `https://127.0.0.1:${securePort}${apiPath}`,
    caFile,
    process,
    async [Symbol.asyncDispose]() {
      process.killAll();
      await process.exited;
      await log.close();
      await rm(work, { recursive: true, force: true });
    },
  };
  await untilReady(apicurio, join(work, 'log'));
  return apicurio;
}

async function untilReady(apicurio: Apicurio, log: string): Promise<void> {
  const expires = performance.now() + startTimeoutMs;
  while (!apicurio.process.hasExited && performance.now() < expires) {
    try {
      const response = await fetch(`${apicurio.url}/subjects`, {
        signal: AbortSignal.timeout(2000),
      });
      if (response.ok) return;
    } catch {
      // Not yet.
    }
    await sleep(200);
  }
  const output = await readFile(log, 'utf8');
  await apicurio[Symbol.asyncDispose]();
  throw new Error(`Apicurio does not start: ${lastLines(output)}`);
}

const storePassword = 'sandbox';

async function makeCertificate(
  jdk: Jdk,
  folder: string,
): Promise<{ keyStore: string; caFile: string }> {
  const keyStore = join(folder, 'store.p12');
  const caFile = join(folder, 'ca.pem');
  const keytool = join(jdk.home, 'bin', 'keytool');
  const store = [
    '-keystore',
    keyStore,
    '-storetype',
    'PKCS12',
    '-storepass',
    storePassword,
    '-alias',
    'a',
  ];
  await run(keytool, jdk, [
    '-genkeypair',
    ...store,
    '-keyalg',
    'EC',
    '-dname',
    'CN=localhost',
    '-ext',
    'san=ip:127.0.0.1,dns:localhost',
    '-validity',
    '2',
  ]);
  await run(keytool, jdk, ['-exportcert', ...store, '-rfc', '-file', caFile]);
  return { keyStore, caFile };
}
