import { KopsError, reasonOf } from '@kops/core';
import { AnswerTooLarge, type HttpAnswer } from './http-exchange.ts';
import type { RegisteredSchema, SchemaReference } from './registry-client.ts';

/** Codes of a registry for: no such subject, version, schema. */
const notFoundCodes = [40401, 40402, 40403];

const maxReason = 300;

type Body = Readonly<Record<string, unknown>>;

/**
 * The schema of an answer; undefined where the registry says that it has none.
 * @throws KOPS_SCHEMA_REGISTRY_UNREACHABLE for what may be better later, KOPS_ACCESS_DENIED, KOPS_CONFIG.
 */
export function judgeAnswer(answer: HttpAnswer, url: string): RegisteredSchema | undefined {
  const { status } = answer;
  const body = parseBody(answer.body);
  if (status === 200)
    return body === undefined ? noRegistry(url, 'no JSON in its answer') : toSchema(body, url);
  const reason = describe(status, body);
  if (status === 404 && notFoundCodes.includes(Number(body?.['error_code']))) return undefined;
  if (status === 401 || status === 403) {
    throw new KopsError('KOPS_ACCESS_DENIED', `the schema registry ${url} refuses: ${reason}`, {
      hint: 'Check the user and the password, and that the user can read schemas.',
    });
  }
  if (status >= 500 || status === 408 || status === 429) {
    throw new KopsError(
      'KOPS_SCHEMA_REGISTRY_UNREACHABLE',
      `the schema registry ${url} answers: ${reason}`,
      { hint: 'Check its health. Indexing waits for it; backups do not.' },
    );
  }
  return noRegistry(url, reason);
}

function noRegistry(url: string, reason: string): never {
  throw new KopsError('KOPS_CONFIG', `the server at ${url} is not a schema registry: ${reason}`, {
    hint: 'Give the address with its path: /apis/ccompat/v7 for Apicurio, no path for Confluent and Karapace.',
  });
}

function parseBody(text: string): Body | undefined {
  try {
    const body = JSON.parse(text) as unknown;
    return typeof body === 'object' && body !== null ? (body as Body) : undefined;
  } catch {
    return undefined;
  }
}

function describe(status: number, body: Body | undefined): string {
  const message = body?.['message'];
  const text = typeof message === 'string' ? `: ${message}` : '';
  return `status ${status}${text}`.slice(0, maxReason);
}

function toSchema(body: Body, url: string): RegisteredSchema {
  const { schema, schemaType = 'AVRO', references = [] } = body;
  const isSchema =
    typeof schema === 'string' && typeof schemaType === 'string' && Array.isArray(references);
  if (!isSchema || !references.every(isReference))
    return noRegistry(url, 'no schema in its answer');
  return { type: schemaType, text: schema, references };
}

function isReference(value: unknown): value is SchemaReference {
  if (typeof value !== 'object' || value === null) return false;
  const { name, subject, version } = value as Body;
  return typeof name === 'string' && typeof subject === 'string' && Number.isSafeInteger(version);
}

/** What a request that had no answer is reported as. No text of it holds a credential. */
export function unreachable(thrown: unknown, url: string): KopsError {
  if (KopsError.is(thrown)) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  // An address with several IP addresses fails with all of their errors and no text of its own.
  const reason = reasonOf(error).slice(0, maxReason);
  if (error instanceof AnswerTooLarge) {
    return new KopsError('KOPS_CONFIG', `the schema registry ${url} sends ${reason}`, {
      hint: 'Check that the address is that of a schema registry.',
    });
  }
  if (/certificate|self.signed|altnames|CERT_/i.test(reason)) {
    return new KopsError('KOPS_CONFIG', `the schema registry ${url} is not trusted: ${reason}`, {
      hint: 'Set catalog.schemaRegistry.caFile to the CA certificate that signed the server certificate.',
    });
  }
  return new KopsError(
    'KOPS_SCHEMA_REGISTRY_UNREACHABLE',
    `the schema registry ${url} cannot be reached: ${reason}`,
    {
      hint: 'Check the address and that the server is running. Backups continue without it; the catalog catches up later.',
    },
  );
}
