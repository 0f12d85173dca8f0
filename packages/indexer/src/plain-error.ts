import { errorToJson, isErrorCode, KopsError, toKopsError, type ErrorCode } from '@kops/core';
import type { PlainError } from './worker/worker-messages.ts';

/** An error as plain data, for another thread. */
export function plainError(thrown: unknown): PlainError {
  return errorToJson(toKopsError(thrown));
}

/** The error that another thread had. */
export function revivedError({ code, message, hint, at }: PlainError): KopsError {
  const { offset, ...where } = (at ?? {}) as Record<string, unknown>;
  return new KopsError(
    typeof code === 'string' && isErrorCode(code) ? code : 'KOPS_UNEXPECTED',
    String(message),
    {
      at: { ...where, ...(typeof offset === 'string' ? { offset: BigInt(offset) } : {}) },
      ...(typeof hint === 'string' ? { hint } : {}),
    },
  );
}

const damages: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'KOPS_BATCH_CORRUPT',
  'KOPS_FORMAT_UNSUPPORTED',
  'KOPS_MAGIC_UNSUPPORTED',
  'KOPS_MANIFEST_INVALID',
  'KOPS_OBJECT_CORRUPT',
  'KOPS_OBJECT_NOT_FOUND',
]);

/** Whether an error is about one object of the repository, so that others can go on. */
export function isDamage(thrown: unknown): thrown is KopsError {
  return KopsError.is(thrown) && damages.has(thrown.code);
}
