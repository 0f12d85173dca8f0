import { KopsError } from '@kops/core';
import type { OffsetMapping } from './offset-mapping.ts';

/** Reads the mapping of one partition that a restore wrote. @throws KOPS_OBJECT_NOT_FOUND, KOPS_OBJECT_CORRUPT */
export function readOffsetMapping(_path: string): Promise<OffsetMapping> {
  throw new KopsError('KOPS_UNEXPECTED', 'being written');
}
