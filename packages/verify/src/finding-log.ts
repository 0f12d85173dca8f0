import { toKopsError, type Coordinates, type ErrorCode, type KopsError } from '@kops/core';
import type { Finding, FindingCounts, Severity } from './finding.ts';

/** Findings that a report lists; beyond them they are only counted. */
export const maxListed = 10_000;

/** Collects findings: counts are exact, memory is bounded. */
export class FindingLog {
  readonly #counts = { error: 0, loss: 0, info: 0 };
  readonly #kept: Record<Severity, Finding[]> = { error: [], loss: [], info: [] };
  readonly #at: Coordinates;

  /** @param at what all findings have in common */
  constructor(at: Coordinates) {
    this.#at = at;
  }

  get counts(): FindingCounts {
    return { ...this.#counts };
  }

  add(severity: Severity, code: ErrorCode, message: string, at: Coordinates): void {
    this.#counts[severity]++;
    const kept = this.#kept[severity];
    if (kept.length < maxListed) kept.push({ severity, code, message, at: { ...this.#at, ...at } });
  }

  /** Turns damage that was thrown into a finding. @throws what is no finding: an interruption, a defect */
  addThrown(thrown: unknown, at: Coordinates): void {
    const error = toKopsError(thrown);
    if (!isFinding(error)) throw error;
    this.add('error', error.code, error.message, { ...at, ...error.at });
  }

  /** Errors before losses before infos. */
  list(): Finding[] {
    const { error, loss, info } = this.#kept;
    return [...error, ...loss, ...info].slice(0, maxListed);
  }
}

const thrownFindings: ReadonlySet<ErrorCode> = new Set([
  'KOPS_MANIFEST_INVALID',
  'KOPS_OBJECT_CORRUPT',
  'KOPS_OBJECT_NOT_FOUND',
  'KOPS_BATCH_CORRUPT',
  'KOPS_MAGIC_UNSUPPORTED',
  'KOPS_FORMAT_UNSUPPORTED',
  // One object that the storage will not give is a finding about that object; the others go on.
  'KOPS_STORAGE_UNREACHABLE',
  'KOPS_ACCESS_DENIED',
  'KOPS_REFUSED',
]);

/** Whether an error says something about what is stored, so that the walk goes on. */
export function isFinding(error: KopsError): boolean {
  return thrownFindings.has(error.code);
}
