import { KopsError } from '@kops/core';
import type { ComparePartitionOptions, PartitionComparison } from './compare-port.ts';

/** Compares. */
export function comparePartition(_options: ComparePartitionOptions): Promise<PartitionComparison> {
  return Promise.reject(new KopsError('KOPS_UNEXPECTED', 'not built yet'));
}
