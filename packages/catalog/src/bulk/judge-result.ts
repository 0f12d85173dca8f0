import { KopsError } from '@kops/core';
import { blockHint } from './block-hint.ts';
import type { BulkItem, BulkResult } from './bulk-port.ts';

/** What is to be done about one document. */
export type Verdict =
  | { readonly kind: 'created' | 'updated' | 'dropped' }
  | { readonly kind: 'retry'; readonly error: KopsError }
  | {
      readonly kind: 'reject';
      readonly status: number;
      readonly type: string;
      readonly reason: string;
    }
  /** The same would happen to every document. */
  | { readonly kind: 'fatal'; readonly error: KopsError };

/** Attempts for a document that makes the server fail; then it is the document. */
const maxServerErrors = 3;

/** Judges the result of one document of a bulk request. */
export function judgeResult(result: BulkResult, item: BulkItem, attempt: number): Verdict {
  const { status, error } = result;
  if (error === undefined && status < 300) {
    if (result.result === 'noop') return { kind: 'dropped' };
    return { kind: status === 201 ? 'created' : 'updated' };
  }
  const type = error?.type ?? 'unknown';
  const reason = error?.reason ?? `status ${String(status)}`;
  const failure = (
    code:
      | 'KOPS_ACCESS_DENIED'
      | 'KOPS_CONFIG'
      | 'KOPS_ELASTICSEARCH_REFUSED'
      | 'KOPS_ELASTICSEARCH_UNREACHABLE',
    hint: string,
  ) =>
    new KopsError(code, `Elasticsearch on writing to ${item.index}: ${reason}`, {
      at: { object: item.index },
      hint,
    });
  const block = blockHint(status, type);
  if (block !== undefined)
    return { kind: 'fatal', error: failure('KOPS_ELASTICSEARCH_REFUSED', block) };
  if (status === 401 || status === 403) {
    const hint =
      'Give the user or API key the privileges of docs/CATALOG.md on the catalog’s indices.';
    return { kind: 'fatal', error: failure('KOPS_ACCESS_DENIED', hint) };
  }
  if (status === 404) {
    const hint = 'Set the catalog up again: kops catalog rebuild.';
    return { kind: 'fatal', error: failure('KOPS_ELASTICSEARCH_REFUSED', hint) };
  }
  if (isPipelineMissing(reason)) {
    const hint = 'Create the pipeline in Elasticsearch, or take it out of catalog.records.';
    return { kind: 'fatal', error: failure('KOPS_CONFIG', hint) };
  }
  const isOverload = status === 429 || status === 502 || status === 503 || status === 504;
  if (isOverload || (status >= 500 && attempt < maxServerErrors)) {
    const hint = 'Give Elasticsearch more time, memory or disk; it is tried again.';
    return { kind: 'retry', error: failure('KOPS_ELASTICSEARCH_UNREACHABLE', hint) };
  }
  return { kind: 'reject', status, type, reason };
}

/** A pipeline that does not exist says so for each document, with status 400, like a document that is wrong. */
function isPipelineMissing(reason: string): boolean {
  return /^pipeline with id \[.*\] does not exist$/.test(reason);
}
