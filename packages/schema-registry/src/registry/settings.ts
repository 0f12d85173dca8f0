import { readFileSync } from 'node:fs';
import { KopsError } from '@kops/core';

/** How to reach a schema registry, as configured; plain data, so that it can be sent to a worker thread. */
export interface SchemaRegistrySettings {
  /** `https://host:8081`, with the path where the registry has one: `https://host/apis/ccompat/v7`. */
  readonly url: string;
  /** User and password may stand in the URL instead. */
  readonly username?: string;
  readonly password?: string;
  /** PEM file of the authority that signed the server's certificate. */
  readonly caFile?: string;
  /** Allows plain http to hosts other than this one: passwords are then readable on the way. */
  readonly allowInsecure?: boolean;
  /** For a schema with all that it refers to, in ms. @defaultValue 10 s */
  readonly requestTimeoutMs?: number;
  /** Schemas that are asked for at a time. @defaultValue 4 */
  readonly maxRequests?: number;
  /** Schemas that are kept; what was not used for longest goes first. @defaultValue 1000 */
  readonly maxSchemas?: number;
  /** How long an id that the registry does not know is not asked for again, in ms. @defaultValue 60 s */
  readonly unknownForMs?: number;
}

/** Settings that were checked. */
export interface RegistryPlan {
  /** Without credentials and trailing slash. */
  readonly url: string;
  readonly auth: { readonly username: string; readonly password: string } | undefined;
  readonly ca: string | undefined;
  readonly requestTimeoutMs: number;
  readonly maxRequests: number;
  readonly maxSchemas: number;
  readonly unknownForMs: number;
}

function wrong(message: string, hint: string): never {
  throw new KopsError('KOPS_CONFIG', message, { hint });
}

/**
 * Checks settings as far as that is possible without the registry.
 * @throws KOPS_CONFIG
 */
export function checkRegistrySettings(settings: SchemaRegistrySettings): void {
  planRegistry(settings);
}

/**
 * Checks settings and reads the file of the authority.
 * @throws KOPS_CONFIG
 */
export function planRegistry(settings: SchemaRegistrySettings): RegistryPlan {
  const url = parseUrl(settings.url);
  requireSecure(url, settings.allowInsecure === true);
  return {
    url: withoutCredentials(url),
    auth: planAuth(settings, url),
    ca: settings.caFile === undefined ? undefined : readAuthority(settings.caFile),
    requestTimeoutMs: positive('requestTimeoutMs', settings.requestTimeoutMs ?? 10_000),
    maxRequests: positive('maxRequests', settings.maxRequests ?? 4),
    maxSchemas: positive('maxSchemas', settings.maxSchemas ?? 1000),
    unknownForMs: positive('unknownForMs', settings.unknownForMs ?? 60_000),
  };
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    // The text may hold a password, so it is not repeated.
    wrong(
      'the address of the schema registry is no URL',
      'Write it like https://schema-registry.example.com:8081.',
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
    `${withoutCredentials(url)} is plain http: passwords and schemas would be readable on the way`,
    'Use https, or set allowInsecure of the schema registry if the network is trusted.',
  );
}

function planAuth(settings: SchemaRegistrySettings, url: URL): RegistryPlan['auth'] {
  const inUrl = (part: string): string | undefined =>
    url.username === '' ? undefined : decodeURIComponent(part);
  const username = settings.username ?? inUrl(url.username);
  const password = settings.password ?? inUrl(url.password);
  if (username === undefined && password === undefined) return undefined;
  if (username === undefined || password === undefined)
    wrong(
      'a user of the schema registry needs a name and a password',
      'Set username and password.',
    );
  return { username, password };
}

function readAuthority(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new KopsError('KOPS_CONFIG', `cannot read ${path}: ${(error as Error).message}`, {
      hint: 'Check the path in catalog.schemaRegistry.caFile and that kops can read the file.',
      cause: error,
    });
  }
}

function positive(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  return wrong(
    `${name} of the schema registry is ${value}, and has to be a whole number above zero`,
    `Correct ${name}.`,
  );
}
