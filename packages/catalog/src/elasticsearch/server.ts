import { Client, errors } from '@elastic/elasticsearch';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { KopsError, throwIfAborted } from '@kops/core';
import { parseKeepingDigits } from '../documents/exact-json.ts';
import { Serializer } from './serializer.ts';
import { serverErrorType, toCatalogError } from './server-error.ts';
import type { ConnectionPlan } from './settings.ts';

/** One request to Elasticsearch. */
export interface ServerRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Path, its parts encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: object;
  /** Lines of a bulk request, sent as they are. */
  readonly lines?: Buffer;
  /** Whether numbers of the answer are to be written as they were read: see {@link parseKeepingDigits}. */
  readonly keepsDigits?: boolean;
  /** Completes "cannot": what the request is for. */
  readonly what: string;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Elasticsearch as a function from requests to answers. Offsets in answers keep all digits (bigint beyond 2^53); failures
 * are KopsErrors without any credential in them. Nothing is tried again here.
 */
export class Server implements AsyncDisposable {
  readonly label: string;
  readonly #client: Client;
  readonly #plan: ConnectionPlan;

  constructor(plan: ConnectionPlan) {
    this.label = plan.label;
    this.#plan = plan;
    this.#client = new Client({
      ...(plan.cloudId === undefined
        ? { nodes: [...plan.nodes] }
        : { cloud: { id: plan.cloudId } }),
      ...(plan.auth === undefined ? {} : { auth: plan.auth }),
      tls: plan.tls,
      Serializer,
      maxRetries: 0,
      requestTimeout: plan.requestTimeoutMs,
      redaction: { type: 'remove' },
      enableMetaHeader: false,
    });
  }

  /** @throws KOPS_ELASTICSEARCH_UNREACHABLE, KOPS_ACCESS_DENIED, KOPS_ELASTICSEARCH_REFUSED, KOPS_ELASTICSEARCH_MAPPING, KOPS_INTERRUPTED */
  async request<T>(request: ServerRequest): Promise<T> {
    try {
      return await this.#send<T>(request);
    } catch (error) {
      throw toCatalogError(error, this.#context(request));
    }
  }

  /** The answer, or undefined for an error of one of these types, e.g. `index_not_found_exception`. */
  async requestUnless<T>(types: readonly string[], request: ServerRequest): Promise<T | undefined> {
    try {
      return await this.#send<T>(request);
    } catch (error) {
      if (types.includes(serverErrorType(error) ?? '')) return undefined;
      throw toCatalogError(error, this.#context(request));
    }
  }

  async #send<T>(request: ServerRequest): Promise<T> {
    const { method, path, query, body, lines, timeoutMs, signal, keepsDigits } = request;
    throwIfAborted(signal);
    const sent = {
      method,
      path,
      ...(query === undefined ? {} : { querystring: { ...query } }),
      ...(body === undefined ? {} : { body }),
      ...(lines === undefined ? {} : { bulkBody: lines }),
    };
    const options = {
      maxRetries: 0,
      requestTimeout: timeoutMs ?? this.#plan.requestTimeoutMs,
      ...(signal === undefined ? {} : { signal }),
    };
    if (keepsDigits !== true) return this.#client.transport.request<T>(sent, options);
    const answer = await this.#client.transport.request<Readable>(sent, {
      ...options,
      meta: true,
      asStream: true,
    });
    const content = await text(answer.body);
    // Of a stream the client does not look at the status.
    if (answer.statusCode >= 400)
      throw new errors.ResponseError({ ...answer, body: JSON.parse(content) as unknown });
    return parseKeepingDigits(content) as T;
  }

  #context({ what }: ServerRequest) {
    return { label: this.label, what, secrets: this.#plan.secrets };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}

/** What a server says about itself. */
export interface ServerInfo {
  readonly name: string;
  readonly clusterName: string;
  readonly version: string;
}

/** The client speaks to this major version and later ones. */
const minimumMajor = 9;

/**
 * Asks a server what it is.
 * @throws KOPS_ELASTICSEARCH_UNSUPPORTED when it is too old
 */
export async function readServerInfo(server: Server, signal?: AbortSignal): Promise<ServerInfo> {
  const info = await server.request<{
    name?: string;
    cluster_name?: string;
    version?: { number?: string };
  }>({ method: 'GET', path: '/', what: 'be asked for its version', signal });
  const version = info.version?.number ?? 'unknown';
  if (!(Number.parseInt(version, 10) >= minimumMajor)) {
    throw new KopsError(
      'KOPS_ELASTICSEARCH_UNSUPPORTED',
      `Elasticsearch at ${server.label} is version ${version}; the catalog needs ${minimumMajor} or later`,
      { at: { object: server.label }, hint: 'Upgrade Elasticsearch.' },
    );
  }
  return { name: info.name ?? '', clusterName: info.cluster_name ?? '', version };
}
