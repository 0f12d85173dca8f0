import { counted } from '@kops/core';
import { coloured } from '../output/colour.ts';
import type { CheckResult, CheckStatus } from '../doctor/check.ts';

const marks: Readonly<Record<CheckStatus, string>> = {
  ok: 'ok   ',
  warn: 'WARN ',
  fail: 'FAIL ',
  skipped: '-    ',
};

const verdicts = { ok: 'ok', warn: 'warning', fail: 'failure' } as const;

function mark(status: CheckStatus): string {
  return status === 'skipped' ? marks[status] : coloured(verdicts[status], marks[status]);
}

/** A check as lines. */
export function renderCheck({ name, status, message, details, hint }: CheckResult): string[] {
  return [
    `${mark(status)} ${name}: ${message}`,
    ...details.map((line) => `        ${line}`),
    ...(hint === null ? [] : [`        Try: ${hint}`]),
  ];
}

/** The last line. */
export function renderVerdict(checks: readonly CheckResult[]): string {
  const count = (status: CheckStatus): number =>
    checks.filter((check) => check.status === status).length;
  const [fails, warnings] = [count('fail'), count('warn')];
  if (fails > 0)
    return `${String(fails)} failed, ${counted(warnings, 'warning')}, ${String(count('ok'))} ok`;
  return warnings > 0
    ? `No failures, ${counted(warnings, 'warning')}, ${String(count('ok'))} ok`
    : 'All checks ok';
}
