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

/** The last line. What was skipped is no "ok". */
export function renderVerdict(checks: readonly CheckResult[]): string {
  const count = (status: CheckStatus): number =>
    checks.filter((check) => check.status === status).length;
  const [fails, warnings] = [count('fail'), count('warn')];
  const skipped = checks.filter(({ status }) => status === 'skipped').map(({ name }) => name);
  if (fails + warnings + skipped.length === 0) return 'All checks ok';
  return [
    fails > 0 ? `${String(fails)} failed` : 'No failures',
    ...(fails + warnings > 0 ? [counted(warnings, 'warning')] : []),
    `${String(count('ok'))} ok`,
    ...(skipped.length === 0 ? [] : [`not checked: ${skipped.join(', ')}`]),
  ].join(', ');
}
