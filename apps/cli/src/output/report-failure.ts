import {
  errorTable,
  errorToJson,
  formatCoordinates,
  toKopsError,
  type KopsError,
} from '@kops/core';
import { coloured } from './colour.ts';
import { fitLines } from './fit-text.ts';
import { plainPaths } from './plain-paths.ts';
import { clearProgress } from './progress.ts';

/** A failure that the operator was told of already. */
export class ReportedFailure extends Error {
  readonly exit: number;

  constructor(exit: number) {
    super('reported');
    this.exit = exit;
  }
}

interface OclifFailure {
  readonly oclif?: { readonly exit?: number };
}

/** Tells the operator of a failure: what, where and what to do next. Returns the exit code. */
export function reportFailure(thrown: unknown, { json }: { json: boolean }): number {
  if (thrown instanceof ReportedFailure) return thrown.exit;
  const exit = (thrown as OclifFailure | undefined)?.oclif?.exit;
  // Help and version end by an exit of 0.
  if (exit === 0) return 0;
  const error = toKopsError(thrown);
  clearProgress();
  if (json)
    process.stdout.write(
      `${JSON.stringify({ error: { ...errorToJson(error), exit: error.exitCode } }, null, 2)}\n`,
    );
  process.stderr.write(describeFailure(error));
  return error.exitCode;
}

/** A failure that came after the first. */
function describeLater({ code, message, hint }: KopsError): string {
  return `Also:  ${errorTable[code].title}: ${message}${hint === undefined ? '' : `. ${hint}`}`;
}

/** The lines of a failure as people read them. */
export function describeFailure(error: KopsError): string {
  const where = formatCoordinates(error.at);
  const lines = [
    `${coloured('failure', 'Error:', process.stderr)} ${errorTable[error.code].title}: ${error.message}`,
    ...(where === '' ? [] : [`Where: ${where}`]),
    ...(error.hint === undefined ? [] : [`Try:   ${error.hint}`]),
    ...error.also.map(describeLater),
    `Code:  ${error.code} (exit ${String(error.exitCode)})`,
  ];
  if (error.code === 'KOPS_UNEXPECTED' && error.cause instanceof Error)
    lines.push(error.cause.stack ?? '');
  const { isTTY, columns } = process.stderr;
  return `${fitLines(plainPaths(lines.join('\n')), isTTY ? columns : undefined)}\n`;
}
