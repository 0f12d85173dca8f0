import { readFile } from 'node:fs/promises';
import { KopsError } from '@kops/core';

/** How to reach a Kibana, as configured. */
export interface KibanaSettings {
  /** `https://kibana.example.com:5601`, with the base path where Kibana has one. */
  readonly url: string;
  /** Id of the space to write to. @defaultValue default */
  readonly space?: string;
  readonly username?: string;
  readonly password?: string;
  /** In place of user and password: an API key of Elasticsearch in its encoded form. */
  readonly apiKey?: string;
  /** PEM file of the authority that signed the server's certificate. */
  readonly caFile?: string;
  /** Allows plain http to hosts other than this one: the password is then readable on the way. */
  readonly allowInsecure?: boolean;
  /** Of a request, in ms. @defaultValue 60 s */
  readonly requestTimeoutMs?: number;
  /** How long a Kibana that says that it is not ready is waited for, in ms. @defaultValue 2 min */
  readonly readyTimeoutMs?: number;
}

/** Settings that were checked. */
export interface KibanaPlan {
  /** Without a slash at the end. */
  readonly base: string;
  readonly space: string;
  readonly authorization: string | undefined;
  readonly authority: string | undefined;
  readonly requestTimeoutMs: number;
  readonly readyTimeoutMs: number;
  /** Texts that must not be in any message. */
  readonly secrets: readonly string[];
}

const defaultRequestTimeoutMs = 60_000;
const defaultReadyTimeoutMs = 120_000;

function wrong(message: string, hint: string): never {
  throw new KopsError('KOPS_CONFIG', message, { hint });
}

/**
 * Checks settings and reads the file of the authority.
 * @throws KOPS_CONFIG
 */
export async function planKibana(settings: KibanaSettings): Promise<KibanaPlan> {
  const { space = 'default', caFile } = settings;
  const url = parseUrl(settings.url);
  requireSecure(url, settings.allowInsecure === true);
  if (!/^[a-z0-9_-]{1,100}$/.test(space))
    wrong(
      `'${space}' is no id of a space`,
      'Give the id as it stands in addresses after /s/: lower-case letters, digits, _ and -.',
    );
  const { authorization, secrets } = planAuthorization(settings);
  return {
    base: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
    space,
    authorization,
    authority: caFile === undefined ? undefined : await readAuthority(caFile),
    requestTimeoutMs: settings.requestTimeoutMs ?? defaultRequestTimeoutMs,
    readyTimeoutMs: settings.readyTimeoutMs ?? defaultReadyTimeoutMs,
    secrets,
  };
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The text may hold a password, so it is not repeated.
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    wrong('the address of Kibana is no URL', 'Write it like https://kibana.example.com:5601.');
  if (url.username !== '' || url.password !== '')
    wrong(
      'the address of Kibana holds a user or password',
      'Set kibana.username and kibana.password, or KOPS_KIBANA_USERNAME and KOPS_KIBANA_PASSWORD.',
    );
  return url;
}

function requireSecure(url: URL, isAllowed: boolean): void {
  const isLocal = /^(localhost|127(\.[0-9]+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'https:' || isLocal || isAllowed) return;
  wrong(
    `${url.origin} is plain http: the password would be readable on the way`,
    'Use https, or set kibana.allowInsecure if the network is trusted.',
  );
}

function planAuthorization({
  username,
  password,
  apiKey,
}: KibanaSettings): Pick<KibanaPlan, 'authorization' | 'secrets'> {
  if (apiKey !== undefined) {
    if (username !== undefined || password !== undefined)
      wrong('Kibana takes a user or an API key, not both', 'Remove one of them.');
    return { authorization: `ApiKey ${apiKey}`, secrets: [apiKey] };
  }
  if (username === undefined && password === undefined)
    return { authorization: undefined, secrets: [] };
  if (username === undefined || password === undefined)
    wrong(
      'a user of Kibana needs a name and a password',
      'Set kibana.username and kibana.password.',
    );
  const encoded = Buffer.from(`${username}:${password}`).toString('base64');
  return { authorization: `Basic ${encoded}`, secrets: [password, encoded] };
}

async function readAuthority(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new KopsError('KOPS_CONFIG', `cannot read ${path}: ${(error as Error).message}`, {
      hint: 'Check the path in kibana.caFile and that kops can read the file.',
      cause: error,
    });
  }
}
