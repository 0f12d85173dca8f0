import { KopsError } from '@kops/core';
import {
  defaultCacheDir,
  exists,
  findDocker,
  lastLines,
  runDocker,
  sandboxUnavailable,
  type DockerEngine,
} from '@kops/kafka-dist';
import {
  distributionDir,
  elasticsearchVersion,
  ensureDistribution,
  type DistributionOptions,
} from './distribution.ts';
import { findJdk, type Jdk } from './find-jdk.ts';
import { isRoot } from './unprivileged.ts';

/** The official image of the version that is used. */
export const elasticsearchImage = `docker.elastic.co/elasticsearch/elasticsearch:${elasticsearchVersion}`;

/** An Elasticsearch that can be started on this machine. */
export type ElasticsearchInstallation =
  | { readonly kind: 'docker'; readonly engine: DockerEngine; readonly image: string }
  | { readonly kind: 'process'; readonly distribution: string; readonly jdk: Jdk };

/** Options of {@link ensureElasticsearch}. */
export interface InstallationOptions extends DistributionOptions {
  /** This way or none; whichever the machine has unless given. */
  readonly runtime?: 'docker' | 'process';
  /** Whether to ask a registry; `KOPS_DOCKER_PULL=never` says no for all. */
  readonly pull?: boolean;
  /** Whether to download the distribution; `KOPS_ELASTICSEARCH_FETCH=never` says no for all. */
  readonly fetch?: boolean;
}

const pullTimeoutMs = 600_000;

/**
 * Finds or fetches an Elasticsearch: what is here already comes before what has to be fetched, an image before the
 * unpacked distribution.
 * @throws KOPS_SANDBOX_UNAVAILABLE with what is missing for either way.
 */
export async function ensureElasticsearch(
  options: InstallationOptions = {},
): Promise<ElasticsearchInstallation> {
  const reasons: string[] = [];
  const attempts: (() => Promise<ElasticsearchInstallation>)[] = [];
  if (options.runtime !== 'process') attempts.push(() => fromDocker({ ...options, pull: false }));
  if (options.runtime !== 'docker')
    attempts.push(() => fromDistribution({ ...options, fetch: false }));
  if (options.runtime !== 'process' && (options.pull ?? mayFetch('KOPS_DOCKER_PULL')))
    attempts.push(() => fromDocker({ ...options, pull: true }));
  if (options.runtime !== 'docker' && (options.fetch ?? mayFetch('KOPS_ELASTICSEARCH_FETCH')))
    attempts.push(() => fromDistribution({ ...options, fetch: true }));
  for (const attempt of attempts) {
    try {
      return await attempt();
    } catch (error) {
      if (!KopsError.is(error, 'KOPS_SANDBOX_UNAVAILABLE')) throw error;
      const reason = error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
      if (!reasons.includes(reason)) reasons.push(reason);
    }
  }
  throw sandboxUnavailable(
    `cannot start Elasticsearch here: ${reasons.join('; ')}`,
    'Start a Docker engine that has or can pull the image, or install a JDK of version 21 or later and Maven, or use a running Elasticsearch.',
  );
}

function mayFetch(variable: string): boolean {
  return process.env[variable] !== 'never';
}

async function fromDocker(options: InstallationOptions): Promise<ElasticsearchInstallation> {
  const engine = await findDocker(options.signal === undefined ? {} : { signal: options.signal });
  if (engine === undefined)
    throw sandboxUnavailable(
      'no Docker engine is running',
      'Start a Docker engine, or set DOCKER_HOST.',
    );
  const image = elasticsearchImage;
  const present = await runDocker(engine, ['image', 'inspect', '--format', '{{.Id}}', image], {
    timeoutMs: 30_000,
  });
  if (present.exitCode === 0) return { kind: 'docker', engine, image };
  if (options.pull !== true) {
    throw sandboxUnavailable(
      `the Docker engine does not have ${image}`,
      `Pull it: docker pull ${image}`,
    );
  }
  options.onProgress?.(`pulling ${image}`);
  const pulled = await runDocker(engine, ['pull', '-q', image], { timeoutMs: pullTimeoutMs });
  if (pulled.exitCode === 0) return { kind: 'docker', engine, image };
  throw sandboxUnavailable(
    `the Docker engine cannot pull ${image}: ${lastLines(pulled.stderr, 1)}`,
    'Check that the Docker engine can reach the registry.',
  );
}

async function fromDistribution(options: InstallationOptions): Promise<ElasticsearchInstallation> {
  const { signal } = options;
  const jdk = await findJdk({
    forOthers: isRoot(),
    ...(signal === undefined ? {} : { signal }),
  });
  if (
    options.fetch !== true &&
    !(await exists(distributionDir(options.cacheDir ?? defaultCacheDir())))
  ) {
    throw sandboxUnavailable(
      `Elasticsearch ${elasticsearchVersion} is not in the cache`,
      'Fetch it: node --conditions=@kops/source tools/elasticsearch-dist/src/main.ts fetch',
    );
  }
  return { kind: 'process', jdk, distribution: await ensureDistribution(jdk, options) };
}
