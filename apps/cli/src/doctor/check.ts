import { errorTable, formatCoordinates, toKopsError, type ErrorCode } from '@kops/core';

/** How a check went. `skipped`: there was nothing to check, or something it needs failed. */
export type CheckStatus = 'ok' | 'warn' | 'fail' | 'skipped';

/** What a check found. */
export interface CheckResult {
  readonly name: string;
  readonly status: CheckStatus;
  readonly message: string;
  /** Further lines. */
  readonly details: readonly string[];
  /** What to do; null where nothing is to be done. */
  readonly hint: string | null;
  /** Of a failure. */
  readonly code: ErrorCode | null;
}

/** Options of a finding. */
interface Extra {
  readonly details?: readonly string[];
  readonly hint?: string;
}

export function ok(name: string, message: string, details: readonly string[] = []): CheckResult {
  return { name, status: 'ok', message, details, hint: null, code: null };
}

export function warn(
  name: string,
  message: string,
  { details = [], hint }: Extra = {},
): CheckResult {
  return { name, status: 'warn', message, details, hint: hint ?? null, code: null };
}

export function skipped(name: string, message: string): CheckResult {
  return { name, status: 'skipped', message, details: [], hint: null, code: null };
}

export function fail(
  name: string,
  code: ErrorCode,
  message: string,
  { details = [], hint }: Extra = {},
): CheckResult {
  return { name, status: 'fail', message, details, hint: hint ?? null, code };
}

/** A check that threw. */
export function failed(name: string, thrown: unknown): CheckResult {
  const error = toKopsError(thrown);
  const where = formatCoordinates(error.at);
  return fail(name, error.code, error.message, {
    ...(where === '' ? {} : { details: [`where: ${where}`] }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}

/** Runs a check; what it throws is its finding. An interrupt goes on. */
export async function check(
  name: string,
  signal: AbortSignal,
  work: () => Promise<CheckResult>,
): Promise<CheckResult> {
  signal.throwIfAborted();
  try {
    return await work();
  } catch (thrown) {
    signal.throwIfAborted();
    return failed(name, thrown);
  }
}

/** 0, or the exit code of the first check that failed. */
export function doctorExitCode(checks: readonly CheckResult[]): number {
  const code = checks.find(({ status }) => status === 'fail')?.code ?? null;
  return code === null ? 0 : errorTable[code].exit;
}
