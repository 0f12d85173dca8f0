import { KopsError } from '@kops/core';
import type { CompareGroupsOptions, GroupsComparison } from './compare-port.ts';

/** Compares. */
export function compareGroups(_options: CompareGroupsOptions): Promise<GroupsComparison> {
  return Promise.reject(new KopsError('KOPS_UNEXPECTED', 'not built yet'));
}
