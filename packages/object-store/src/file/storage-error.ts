import { KopsError, toKopsError, type ErrorCode } from '@kops/core';

interface Meaning {
  readonly code: ErrorCode;
  readonly hint: string;
}

const noSpace: Meaning = {
  code: 'KOPS_NO_SPACE',
  hint: 'Free or add space for the repository, then run the command again. Durable data is kept.',
};
const denied: Meaning = {
  code: 'KOPS_ACCESS_DENIED',
  hint: 'Grant the user that runs kops access to the repository. To write to it, mount it writable.',
};
const unreachable: Meaning = {
  code: 'KOPS_STORAGE_UNREACHABLE',
  hint: 'Check the disk, its mount and the system log (dmesg), then run the command again.',
};
const tooManyFiles: Meaning = {
  code: 'KOPS_STORAGE_UNREACHABLE',
  hint: 'Raise the limit of open files of this process (ulimit -n).',
};
const keyConflict: Meaning = {
  code: 'KOPS_REFUSED',
  hint: 'A key may not be the directory of another key.',
};
const noHardLinks: Meaning = {
  code: 'KOPS_CONFIG',
  hint: 'Move the repository to a file system that supports hard links. kops uses them so that it never replaces an object.',
};

const directoriesNotDurable: Meaning = {
  code: 'KOPS_CONFIG',
  hint: 'Move the repository to a local disk or to NFS. This file system (such as an SMB share) cannot sync directories, so kops cannot make new files durable on it.',
};

const meanings: Readonly<Record<string, Meaning>> = {
  ENOSPC: noSpace,
  EDQUOT: noSpace,
  EFBIG: noSpace,
  EACCES: denied,
  EPERM: denied,
  EROFS: denied,
  EIO: unreachable,
  ENXIO: unreachable,
  ENODEV: unreachable,
  ESTALE: unreachable,
  ETIMEDOUT: unreachable,
  ENOTCONN: unreachable,
  EREMOTEIO: unreachable,
  ENOENT: unreachable,
  EMFILE: tooManyFiles,
  ENFILE: tooManyFiles,
  ENOTDIR: keyConflict,
  EISDIR: keyConflict,
  EEXIST: keyConflict,
};

/** Answers of link() on a file system that has no hard links; EPERM is link()'s documented one. */
const noHardLinkCodes: ReadonlySet<string> = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
]);

/** Answers of fsync() on a directory where the file system has no such thing. Files are synced by fdatasync(). */
const noDirectorySyncCodes: ReadonlySet<string> = new Set([
  'EINVAL',
  'EBADF',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
]);

/** The system's code of an error, e.g. `ENOENT`. */
export function systemCode(thrown: unknown): string | undefined {
  const code = thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Whether the system says that a file is not there. */
export function isMissing(thrown: unknown): boolean {
  const code = systemCode(thrown);
  // ENOTDIR: a file stands where the key has a directory, so the object cannot be there either.
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function meaningOf(system: string, call: string | undefined): Meaning | undefined {
  if (call === 'link' && noHardLinkCodes.has(system)) return noHardLinks;
  if (call === 'fsync' && noDirectorySyncCodes.has(system)) return directoriesNotDurable;
  return meanings[system];
}

/** Names what went wrong with an object (or with the repository itself, key undefined). KopsErrors pass unchanged. */
export function storageError(
  thrown: unknown,
  repository: string,
  key: string | undefined,
  action: string,
): KopsError {
  const system = systemCode(thrown);
  if (KopsError.is(thrown) || system === undefined) return toKopsError(thrown);
  const meaning = meaningOf(system, (thrown as NodeJS.ErrnoException).syscall);
  if (meaning === undefined) return toKopsError(thrown);
  return new KopsError(
    meaning.code,
    `cannot ${action} ${key ?? repository}: ${(thrown as Error).message}`,
    {
      at: { repository, ...(key === undefined ? {} : { object: key }) },
      hint: meaning.hint,
      cause: thrown,
    },
  );
}
