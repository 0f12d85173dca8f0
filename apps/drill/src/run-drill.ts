import { KopsError } from '@kops/core';
import type { DrillOptions } from './drill-options.ts';
import type { DrillReport } from './drill-report.ts';

/** Drills. */
export function runDrill(_options: DrillOptions): Promise<DrillReport> {
  return Promise.reject(new KopsError('KOPS_UNEXPECTED', 'not built yet'));
}
