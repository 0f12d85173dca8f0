import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import { KopsError } from '@kops/core';
import { defaultPrefix, isPrefix } from '../indices/index-names.ts';

/** How to reach an Elasticsearch, as configured. */
export interface ElasticsearchSettings {
  /** `https://host:9200`, one or several nodes of one cluster. User and password may stand in it. */
  readonly node?: string | readonly string[];
  /** Elastic Cloud's id of a deployment, in place of nodes. */
  readonly cloudId?: string;
  readonly username?: string;
  readonly password?: string;
  /** In place of user and password; the encoded form. */
  readonly apiKey?: string;
  /** PEM file of the authority that signed the server's certificate. */
  readonly caFile?: string;
  /** `certificate` does not compare the host's name, `none` checks nothing. @defaultValue full */
  readonly tlsVerification?: 'full' | 'certificate' | 'none';
  /** Allows plain http to hosts other than this one: everything, passwords too, is then readable on the way. */
  readonly allowInsecure?: boolean;
  /** Of a request, in ms. @defaultValue 30 s */
  readonly requestTimeoutMs?: number;
  /** What the names of indices begin with. @defaultValue kops */
  readonly prefix?: string;
}

/** Settings that were checked, in the form the client takes. */
export interface ConnectionPlan {
  readonly nodes: readonly string[];
  readonly cloudId: string | undefined;
  readonly auth:
    | { readonly apiKey: string }
    | { readonly username: string; readonly password: string }
    | undefined;
  readonly tls: ConnectionOptions;
  readonly requestTimeoutMs: number;
  readonly prefix: string;
  /** The nodes for people, without credentials. */
  readonly label: string;
  /** Texts that must not be in any message. */
  readonly secrets: readonly string[];
}

const defaultTimeoutMs = 30_000;

function wrong(message: string, hint: string): never {
  throw new KopsError('KOPS_CONFIG', message, { hint });
}

/**
 * Checks settings as far as that is possible without the server.
 * @throws KOPS_CONFIG
 */
export async function checkElasticsearchSettings(settings: ElasticsearchSettings): Promise<void> {
  await planConnection(settings);
}

/**
 * Checks settings and reads the file of the authority.
 * @throws KOPS_CONFIG
 */
export async function planConnection(settings: ElasticsearchSettings): Promise<ConnectionPlan> {
  const { cloudId, prefix = defaultPrefix } = settings;
  const urls = [settings.node ?? []].flat().map(parseNode);
  if ((urls.length === 0) === (cloudId === undefined))
    wrong(
      'Elasticsearch needs a node or a cloud id, and not both',
      'Set catalog.elasticsearch.node or cloudId.',
    );
  if (!isPrefix(prefix))
    wrong(
      `'${prefix}' is not a valid index name prefix`,
      'Use at most 40 characters: lower-case letters, digits, _ and dots.',
    );
  for (const url of urls) requireSecure(url, settings.allowInsecure === true);
  const auth = planAuth(settings, urls);
  return {
    nodes: urls.map(withoutCredentials),
    cloudId,
    auth,
    tls: await planTls(settings),
    requestTimeoutMs: settings.requestTimeoutMs ?? defaultTimeoutMs,
    prefix,
    label: cloudId === undefined ? urls.map(withoutCredentials).join(', ') : cloudNode(cloudId),
    secrets: secretsOf(auth, urls),
  };
}

/**
 * The address that a cloud id stands for: `name:` and, in Base64, the host of the region, the id of Elasticsearch and that of Kibana, with `$`
 * between them. Its host may name a port.
 */
function cloudNode(cloudId: string): string {
  const encoded = /^[^:]+:([A-Za-z0-9+/]+=*)$/.exec(cloudId.trim())?.[1] ?? '';
  const [host = '', id = ''] = Buffer.from(encoded, 'base64').toString('utf8').split('$');
  const [name, port] = host.split(':');
  const address = `https://${id}.${name}${port === undefined ? '' : `:${port}`}`;
  if (host === '' || id === '' || !URL.canParse(address))
    wrong(
      'the cloud id of Elasticsearch cannot be read',
      'Copy catalog.elasticsearch.cloudId from the page of the deployment: a name, a colon, and Base64.',
    );
  return new URL(address).origin;
}

function parseNode(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    // The text may hold a password, so it is not repeated.
    wrong(
      'the node of Elasticsearch is no URL',
      'Write it like https://elasticsearch.example.com:9200.',
    );
  }
  return url;
}

/** The URL without user, password, query and trailing slash. */
function withoutCredentials(url: URL): string {
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

function requireSecure(url: URL, isAllowed: boolean): void {
  const isLocal = /^(localhost|127(\.[0-9]+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'https:' || isLocal || isAllowed) return;
  wrong(
    `${withoutCredentials(url)} is plain http: records and passwords would be readable on the way`,
    'Use https, or set catalog.elasticsearch.allowInsecure if the network is trusted.',
  );
}

function planAuth(settings: ElasticsearchSettings, urls: readonly URL[]): ConnectionPlan['auth'] {
  const inUrl = urls.find(({ username }) => username !== '');
  const username = settings.username ?? (inUrl && decodeURIComponent(inUrl.username));
  const password = settings.password ?? (inUrl && decodeURIComponent(inUrl.password));
  if (settings.apiKey !== undefined) {
    if (username !== undefined)
      wrong('Elasticsearch takes a user or an API key, not both', 'Remove one of them.');
    return { apiKey: settings.apiKey };
  }
  if (username === undefined && password === undefined) return undefined;
  if (username === undefined || password === undefined)
    wrong('a user of Elasticsearch needs a name and a password', 'Set username and password.');
  return { username, password };
}

function secretsOf(auth: ConnectionPlan['auth'], urls: readonly URL[]): string[] {
  const own =
    auth === undefined
      ? []
      : 'apiKey' in auth
        ? [auth.apiKey]
        : [
            auth.password,
            encodeURIComponent(auth.password),
            Buffer.from(`${auth.username}:${auth.password}`).toString('base64'),
          ];
  return [...own, ...urls.map(({ password }) => password)].filter((secret) => secret !== '');
}

async function planTls(settings: ElasticsearchSettings): Promise<ConnectionOptions> {
  const { caFile, tlsVerification = 'full' } = settings;
  return {
    ...(caFile === undefined ? {} : { ca: await readAuthority(caFile) }),
    ...(tlsVerification === 'certificate' ? { checkServerIdentity: () => undefined } : {}),
    rejectUnauthorized: tlsVerification !== 'none',
  };
}

async function readAuthority(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new KopsError('KOPS_CONFIG', `cannot read ${path}: ${(error as Error).message}`, {
      hint: 'Check the path in catalog.elasticsearch.caFile and that kops can read the file.',
      cause: error,
    });
  }
}
