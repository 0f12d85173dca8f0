import { KopsError } from '@kops/core';

/** Ending of the place where an object under way is kept. */
export const partEnding = '.part';

/** Keys above this many characters are refused: S3's limit, and far below what file systems take. */
const maxKeyLength = 1024;

const segmentPattern = /^[A-Za-z0-9._-]+$/;

/** Whether a name may be one segment of a key. */
export function isKeySegment(name: string): boolean {
  return segmentPattern.test(name) && name !== '.' && name !== '..';
}

function refuse(what: string, key: string, why: string): never {
  throw new KopsError('KOPS_USAGE', `not a valid ${what}: ${JSON.stringify(key)} ${why}`, {
    at: { object: key },
    hint: 'Report this defect of kops: an object key can contain only [A-Za-z0-9._-] and "/".',
  });
}

/**
 * Checks a key before it becomes a path or a request.
 * @throws KOPS_USAGE
 */
export function assertKey(key: string): void {
  if (key.length > maxKeyLength)
    refuse('object key', key, `is longer than ${String(maxKeyLength)}`);
  for (const segment of key.split('/')) {
    // Also of directories: the part of `a` and the directory of `a.part/b` would be one path.
    if (segment.endsWith(partEnding))
      refuse('object key', key, `has a segment that ends in ${partEnding}`);
    if (!isKeySegment(segment))
      refuse('object key', key, `has the segment ${JSON.stringify(segment)}`);
  }
}

/**
 * Checks the prefix of a listing: whole segments, then possibly the beginning of one.
 * @throws KOPS_USAGE
 */
export function assertPrefix(prefix: string): void {
  const segments = prefix.split('/');
  const last = segments.pop() ?? '';
  for (const segment of segments) {
    if (!isKeySegment(segment))
      refuse('key prefix', prefix, `has the segment ${JSON.stringify(segment)}`);
  }
  if (last !== '' && !segmentPattern.test(last))
    refuse('key prefix', prefix, 'has other characters');
}
