import { KopsError } from '@kops/core';
import type { CompareConfigsOptions, ConfigsComparison } from './compare-port.ts';

/** Compares. */
export function compareConfigs(_options: CompareConfigsOptions): Promise<ConfigsComparison> {
  return Promise.reject(new KopsError('KOPS_UNEXPECTED', 'not built yet'));
}
