import { KopsError } from '@kops/core';

/** KOPS_OBJECT_NOT_FOUND for a key. */
export function objectNotFound(key: string, cause?: unknown): KopsError {
  return new KopsError('KOPS_OBJECT_NOT_FOUND', `there is no object ${key}`, {
    at: { object: key },
    hint: "It was pruned, or the repository is incomplete. Run 'kops verify' on the archive that needs it.",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** KOPS_REFUSED because objects are written once. */
export function objectExists(
  key: string,
  what: 'object' | 'object under way',
  cause?: unknown,
): KopsError {
  return new KopsError('KOPS_REFUSED', `there is already an ${what} ${key}`, {
    at: { object: key },
    hint: 'Objects are never replaced. Report this defect of kops if you did not copy files into the repository.',
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
