import { KopsError } from '@kops/core';

/** KOPS_OBJECT_NOT_FOUND for a key. */
export function objectNotFound(key: string, cause?: unknown): KopsError {
  return new KopsError('KOPS_OBJECT_NOT_FOUND', `there is no object ${key}`, {
    at: { object: key },
    hint: "Run 'kops verify' on the archive that needs it: the object was pruned, or the repository is incomplete.",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** KOPS_REFUSED because objects are written once. */
export function objectExists(
  key: string,
  what: 'object' | 'unfinished object',
  cause?: unknown,
): KopsError {
  return new KopsError('KOPS_REFUSED', `the ${what} ${key} already exists`, {
    at: { object: key },
    hint: 'Remove the file if you copied it into the repository; otherwise report this defect of kops. kops never replaces objects.',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** KOPS_REFUSED because other objects are below the key. */
export function keyIsDirectory(key: string): KopsError {
  return new KopsError('KOPS_REFUSED', `${key} is the directory of other objects`, {
    at: { object: key },
    hint: 'A key may not be the directory of another key.',
  });
}
