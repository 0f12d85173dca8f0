import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toKopsError } from '@kops/core';
import type { DrillReport } from './drill-report.ts';
import { describeDrillReport, drillReportToJson } from './report-views.ts';

/** Writes `drill-<archive>.json` and `.txt`. Half a report never lies there. @throws KOPS_NO_SPACE, KOPS_ACCESS_DENIED */
export async function writeReport(report: DrillReport, folder: string): Promise<void> {
  const name = join(folder, `drill-${report.archive}`);
  try {
    await mkdir(folder, { recursive: true });
    await replace(`${name}.json`, `${JSON.stringify(drillReportToJson(report), null, 2)}\n`);
    await replace(`${name}.txt`, `${describeDrillReport(report).join('\n')}\n`);
  } catch (thrown) {
    throw toKopsError(thrown);
  }
}

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.part`, text);
  await rename(`${path}.part`, path);
}
