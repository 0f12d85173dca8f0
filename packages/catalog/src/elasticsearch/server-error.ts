import { errors } from '@elastic/elasticsearch';
import { KopsError, reasonOf, toKopsError, type ErrorCode } from '@kops/core';
import { blockHint } from '../bulk/block-hint.ts';
import { RequestTooLarge } from '../bulk/bulk-writer.ts';

/** What was asked of which server. */
export interface RequestContext {
  /** The nodes, without credentials. */
  readonly label: string;
  /** Completes "Elasticsearch … cannot": `search records`. */
  readonly what: string;
  readonly secrets: readonly string[];
}

const maxReason = 600;

/** Turns what the client threw into a KopsError. No text of it holds a credential. */
export function toCatalogError(thrown: unknown, context: RequestContext): KopsError {
  if (KopsError.is(thrown) || thrown instanceof SuppressedError) return toKopsError(thrown);
  if (thrown instanceof errors.RequestAbortedError)
    return new KopsError('KOPS_INTERRUPTED', 'interrupted', { cause: safeCause(thrown, context) });
  if (thrown instanceof errors.ResponseError) return responseError(thrown, context);
  if (thrown instanceof errors.ProductNotSupportedError) {
    return failure('KOPS_ELASTICSEARCH_UNSUPPORTED', 'the server is not Elasticsearch', {
      ...context,
      hint: 'Give the address of an Elasticsearch 9. OpenSearch is not supported.',
      thrown,
    });
  }
  const reason = reasonOf(thrown);
  if (isCertificateProblem(reason)) {
    return failure('KOPS_ELASTICSEARCH_REFUSED', reason, {
      ...context,
      hint: 'Set catalog.elasticsearch.caFile to the CA certificate that signed the server certificate.',
      thrown,
    });
  }
  return failure('KOPS_ELASTICSEARCH_UNREACHABLE', reason, {
    ...context,
    hint: 'Check the address and that the server is running. Backups continue without it; the catalog catches up later.',
    thrown,
  });
}

function isCertificateProblem(reason: string): boolean {
  return /certificate|self.signed|altnames|CERT_/i.test(reason);
}

/** A failure in a body of Elasticsearch. */
interface ServerFailure {
  readonly type?: string;
  readonly reason?: string;
  readonly root_cause?: readonly ServerFailure[];
  readonly failed_shards?: readonly { readonly reason?: ServerFailure }[];
  readonly caused_by?: ServerFailure;
}

function responseError(thrown: errors.ResponseError, context: RequestContext): KopsError {
  const status = thrown.statusCode ?? 0;
  const body: unknown = thrown.body;
  const found = typeof body === 'object' && body !== null && 'error' in body ? body.error : body;
  const error: ServerFailure =
    typeof found === 'object' && found !== null
      ? found
      : { reason: typeof found === 'string' ? found : `status ${String(status)}` };
  const reason = describe(error);
  const [code, hint] = classify(status, error, reason);
  if (status === 413) return new RequestTooLarge(scrub(reason, context.secrets));
  return failure(code, reason, { ...context, hint, thrown });
}

/** The reason with those of the shards, where the real one stands. */
function describe(error: ServerFailure): string {
  const inner = error.failed_shards?.[0]?.reason ?? error.root_cause?.[0];
  const deepest = inner?.caused_by ?? inner ?? error.caused_by;
  const texts = [error.reason, inner?.reason, deepest?.reason].filter(
    (text) => text !== undefined && text !== '',
  );
  return [...new Set(texts)].join(': ') || (error.type ?? 'no reason given');
}

function classify(status: number, error: ServerFailure, reason: string): [ErrorCode, string] {
  if (status === 401)
    return [
      'KOPS_ACCESS_DENIED',
      'Check user and password, or the API key, of catalog.elasticsearch.',
    ];
  const block = blockHint(status, error.type);
  if (block !== undefined) return ['KOPS_ELASTICSEARCH_REFUSED', block];
  if (status === 403) {
    const privileges = /granted by the (\w+ )?privileges \[([^\]]+)\]/.exec(reason)?.[2];
    return [
      'KOPS_ACCESS_DENIED',
      privileges === undefined
        ? 'Give the user or API key the privileges of docs/CATALOG.md.'
        : `Give the user or API key one of these privileges: ${privileges.replaceAll(',', ', ')}.`,
    ];
  }
  if (status === 429 || status === 502 || status === 503 || status === 504)
    return ['KOPS_ELASTICSEARCH_UNREACHABLE', 'It is overloaded or starting: give it more time.'];
  if (/media_type_header|compatible-with|media-type/.test(`${error.type ?? ''} ${reason}`))
    return ['KOPS_ELASTICSEARCH_UNSUPPORTED', 'Update Elasticsearch to version 9.'];
  if (error.type === 'index_not_found_exception')
    return ['KOPS_ELASTICSEARCH_REFUSED', 'Set the catalog up: kops catalog rebuild.'];
  if (/mapper|mapping|alias|resource_already_exists/.test(error.type ?? ''))
    return [
      'KOPS_ELASTICSEARCH_MAPPING',
      'Give the catalog another prefix, or remove the index in the way.',
    ];
  return ['KOPS_ELASTICSEARCH_REFUSED', 'Look into the log of Elasticsearch for more.'];
}

function failure(
  code: ErrorCode,
  reason: string,
  options: RequestContext & { readonly hint: string; readonly thrown: unknown },
): KopsError {
  const text = scrub(reason, options.secrets).slice(0, maxReason);
  return new KopsError(code, `Elasticsearch at ${options.label} cannot ${options.what}: ${text}`, {
    at: { object: options.label },
    hint: options.hint,
    cause: safeCause(options.thrown, options),
  });
}

function scrub(text: string, secrets: readonly string[]): string {
  return secrets.reduce((clean, secret) => clean.replaceAll(secret, '[redacted]'), text);
}

/** The client's errors carry requests with headers and bodies: the cause keeps name and message only. */
function safeCause(thrown: unknown, { secrets }: RequestContext): Error {
  const cause = new Error(
    scrub(thrown instanceof Error ? thrown.message : String(thrown), secrets),
  );
  if (thrown instanceof Error) cause.name = thrown.name;
  return cause;
}

/** Elasticsearch's own name of an error, e.g. `index_not_found_exception`. */
export function serverErrorType(thrown: unknown): string | undefined {
  if (!(thrown instanceof errors.ResponseError)) return undefined;
  const body = thrown.body as { error?: ServerFailure } | undefined;
  return typeof body === 'object' ? body.error?.type : undefined;
}
