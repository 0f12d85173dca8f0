import { join } from 'node:path';
import {
  describeDrillReport,
  drillExitCode,
  drillReportToJson,
  runDrill,
  type DrillReport,
} from '@kops/drill';
import type { Archive } from '@kops/repository';
import {
  describeVerifyReport,
  verifyArchive,
  verifyExitCode,
  verifyReportToJson,
  type VerifyLevel,
  type VerifyProgress,
} from '@kops/verify';
import { DrillObserver } from '../drill/drill-progress.ts';
import { withVerdict } from '../output/colour.ts';
import type { ProgressLine } from '../output/progress.ts';
import { defaultReportDir, writeReport } from '../reports/write-report.ts';
import { toJson } from '../output/json.ts';

/** What to verify. */
export interface VerifyRequest {
  readonly archive: Archive;
  /** `replay`: the structure, and then a drill. */
  readonly level: VerifyLevel | 'replay';
  readonly subset?: string | undefined;
  readonly reportDir?: string | undefined;
  readonly signal: AbortSignal;
}

/** What `kops verify` found. */
export interface VerifyResult {
  readonly verification: Record<string, unknown>;
  /** The report of the drill; null unless the level was replay and the archive undamaged. */
  readonly replay: Record<string, unknown> | null;
  /** Absolute path of the written report; null unless a directory was given. */
  readonly report: string | null;
}

/** A result with what goes around it. */
export interface VerifyOutcome {
  readonly result: VerifyResult;
  readonly lines: readonly string[];
  readonly exit: number;
  /** The drill of the level replay. */
  readonly drill: DrillReport | undefined;
}

/** Verifies an archive. Damage is a finding and no failure: see the exit code. */
export async function verify(request: VerifyRequest, line: ProgressLine): Promise<VerifyOutcome> {
  const { archive, level, subset, signal, reportDir } = request;
  const report = await verifyArchive({
    archive,
    level: level === 'replay' ? 'structure' : level,
    ...(subset === undefined ? {} : { subset }),
    signal,
    onProgress: (progress) => showProgress(progress, line),
  });
  line.clear();
  const damaged = report.status === 'damaged';
  // What is damaged needs no sandbox to be shown as such.
  const drill = level === 'replay' && !damaged ? await replay(request, line) : undefined;
  const lines = [
    ...withVerdict(describeVerifyReport(report), verifyExitCode(report)),
    ...(drill === undefined ? [] : ['', ...drill.lines]),
  ];
  const exits = [verifyExitCode(report), drill?.exit ?? 0];
  const found = { verification: verifyReportToJson(report), replay: drill?.json ?? null };
  const path =
    reportDir === undefined
      ? null
      : await writeReport(
          join(reportDir, `verify-${archive.ref.archive}.json`),
          `${toJson(found)}\n`,
        );
  return {
    result: { ...found, report: path },
    lines: path === null ? lines : [...lines, `Report: ${path}`],
    exit: worst(exits),
    drill: drill?.report,
  };
}

async function replay(
  { archive, reportDir, signal }: VerifyRequest,
  line: ProgressLine,
): Promise<{ report: DrillReport; json: Record<string, unknown>; lines: string[]; exit: number }> {
  const report = await runDrill({
    archive,
    reportDir: reportDir ?? defaultReportDir,
    onProgress: new DrillObserver(line).onProgress,
    signal,
  });
  line.clear();
  return {
    report,
    json: drillReportToJson(report),
    lines: withVerdict(describeDrillReport(report), drillExitCode(report)),
    exit: drillExitCode(report),
  };
}

/** Integrity failures win, then losses. */
function worst(exits: readonly number[]): number {
  return [20, 21].find((exit) => exits.includes(exit)) ?? Math.max(...exits);
}

function showProgress(progress: VerifyProgress, line: ProgressLine): void {
  const { phase, bytes, totalBytes, partitions, partitionsDone, segments, segmentsDone, errors } =
    progress;
  if (phase !== 'segments') return;
  line.update({
    label: 'verify',
    done: BigInt(bytes),
    total: BigInt(totalBytes),
    bytes: BigInt(bytes),
    detail: [
      `${String(segmentsDone)}/${String(segments)} segments, ${String(partitionsDone)}/${String(partitions)} partitions`,
      ...(errors === 0 ? [] : [`${String(errors)} errors`]),
    ].join(', '),
  });
}
