import { randomUUID } from 'node:crypto';
import { KopsError } from '@kops/core';
import {
  basicAuthorization,
  ensureElasticsearch,
  isHealthy,
  startElasticsearch,
  type ElasticsearchInstallation,
  type ElasticsearchNode,
  type ElasticsearchOptions,
  type NodeAccess,
} from '@kops/elasticsearch-dist';

/** The hooks that {@link sandboxElasticsearch} registers with: those of vitest. */
export interface ElasticsearchSuiteHooks {
  readonly beforeAll: (hook: () => Promise<void>, timeoutMs?: number) => void;
  readonly afterAll: (hook: () => Promise<void>, timeoutMs?: number) => void;
  readonly beforeEach: (hook: (test: { readonly skip: (note?: string) => never }) => void) => void;
}

/** Options of {@link sandboxElasticsearch}. With any of them the tests get a server of their own. */
export interface SandboxElasticsearchOptions extends ElasticsearchOptions {
  /** A server of its own, which may be killed and frozen, even where one is named that runs. */
  readonly exclusive?: boolean;
}

/** The Elasticsearch of a test file. */
export interface SandboxElasticsearch extends NodeAccess {
  /** What the names of the file's indices and templates begin with; all such are deleted at the end. */
  readonly indexPrefix: string;
  /** The server, to kill and freeze. @throws KOPS_REFUSED where it is one that runs anyway. */
  readonly node: ElasticsearchNode;
}

/** Fetching takes long, and once. */
const startTimeoutMs = 1_800_000;
const stopTimeoutMs = 60_000;

/**
 * One Elasticsearch shared by a test file: registers start and end with vitest's hooks and returns how to get at it.
 * It is the one that `KOPS_TEST_ELASTICSEARCH=http://[user:password@]host:port` names, else one that is started. Where
 * none can be had every test of the file is skipped with the reason; one that does not start, or that is named and does
 * not answer, fails them.
 * `const elasticsearch = sandboxElasticsearch({ beforeAll, afterAll, beforeEach });` … `elasticsearch().url`
 */
export function sandboxElasticsearch(
  hooks: ElasticsearchSuiteHooks,
  options: SandboxElasticsearchOptions = {},
  env: NodeJS.ProcessEnv = process.env,
): () => SandboxElasticsearch {
  const indexPrefix = `kops-test-${randomUUID().slice(0, 8)}-`;
  let sandbox: SandboxElasticsearch | undefined;
  let end: (() => Promise<void>) | undefined;
  let missing: string | undefined;
  hooks.beforeAll(async () => {
    const named = env['KOPS_TEST_ELASTICSEARCH'] ?? '';
    if (named !== '' && Object.keys(options).length === 0) {
      const access = await useRunning(named);
      sandbox = withoutNode(access, indexPrefix);
      end = async () => await deletePrefixed(access, indexPrefix);
      return;
    }
    const installation = await findInstallation(options);
    if (typeof installation === 'string') {
      missing = installation;
      return;
    }
    const node = await startElasticsearch({ ...options, installation });
    const { url, credentials } = node;
    sandbox = { url, indexPrefix, node, ...(credentials === undefined ? {} : { credentials }) };
    end = async () => await node.stop();
  }, startTimeoutMs);
  hooks.beforeEach(({ skip }) => {
    if (missing !== undefined) skip(missing);
  });
  hooks.afterAll(async () => {
    await end?.();
    sandbox = undefined;
  }, stopTimeoutMs);
  return () => {
    if (sandbox === undefined)
      throw new Error('the sandbox Elasticsearch runs only between beforeAll and afterAll');
    return sandbox;
  };
}

function withoutNode(access: NodeAccess, indexPrefix: string): SandboxElasticsearch {
  return {
    ...access,
    indexPrefix,
    get node(): never {
      throw new KopsError('KOPS_REFUSED', 'this Elasticsearch was not started by the tests', {
        hint: 'Ask for one of their own with the option "exclusive".',
      });
    },
  };
}

async function findInstallation(
  options: ElasticsearchOptions,
): Promise<ElasticsearchInstallation | string> {
  try {
    return options.installation ?? (await ensureElasticsearch(options));
  } catch (error) {
    if (KopsError.is(error, 'KOPS_SANDBOX_UNAVAILABLE')) return error.message;
    throw error;
  }
}

/** URL and credentials out of `http://[user:password@]host:port`. */
export function parseAccess(text: string): NodeAccess {
  const parsed = URL.parse(text);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new KopsError('KOPS_USAGE', 'KOPS_TEST_ELASTICSEARCH is not a URL', {
      hint: 'Set it to http://[user:password@]host:port.',
    });
  }
  const url = `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`;
  if (parsed.username === '') return { url };
  const [username, password] = [parsed.username, parsed.password].map(decodeURIComponent);
  return { url, credentials: { username: username ?? '', password: password ?? '' } };
}

async function useRunning(named: string): Promise<NodeAccess> {
  const access = parseAccess(named);
  if (await isHealthy(access)) return access;
  throw new KopsError('KOPS_USAGE', `no Elasticsearch answers at ${access.url}`, {
    hint: 'Start it, correct KOPS_TEST_ELASTICSEARCH, or unset it.',
  });
}

async function deletePrefixed(access: NodeAccess, prefix: string): Promise<void> {
  const listed = await ask(access, 'GET', `/_cat/indices/${prefix}*?format=json&h=index`);
  // By name: many clusters refuse to delete by pattern.
  const indices = (listed as { readonly index: string }[]).map(({ index }) => index);
  if (indices.length > 0) await ask(access, 'DELETE', `/${indices.join(',')}`);
  await ask(access, 'DELETE', `/_index_template/${prefix}*`);
}

async function ask(
  { url, credentials }: NodeAccess,
  method: string,
  path: string,
): Promise<unknown> {
  const response = await fetch(url + path, {
    method,
    headers: credentials === undefined ? {} : { authorization: basicAuthorization(credentials) },
    signal: AbortSignal.timeout(30_000),
  });
  const body: unknown = await response.json();
  // 404: no template of that prefix.
  if (response.ok || response.status === 404) return body;
  throw new KopsError(
    'KOPS_UNEXPECTED',
    `Elasticsearch answers ${method} ${path} with ${String(response.status)}`,
    { hint: JSON.stringify(body) },
  );
}
