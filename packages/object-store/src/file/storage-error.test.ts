import { describe, expect, it } from 'vitest';
import { KopsError } from '@kops/core';
import { storageError } from './storage-error.ts';

function systemError(code: string, syscall = 'write'): Error {
  return Object.assign(new Error(`${code}: as the system says it`), { code, syscall });
}

describe('storageError', () => {
  it.each([
    ['ENOSPC', 'KOPS_NO_SPACE'],
    ['EDQUOT', 'KOPS_NO_SPACE'],
    ['EACCES', 'KOPS_ACCESS_DENIED'],
    ['EPERM', 'KOPS_ACCESS_DENIED'],
    ['EROFS', 'KOPS_ACCESS_DENIED'],
    ['EIO', 'KOPS_STORAGE_UNREACHABLE'],
    ['ESTALE', 'KOPS_STORAGE_UNREACHABLE'],
    ['EMFILE', 'KOPS_STORAGE_UNREACHABLE'],
  ])('takes %s for %s, with the object and what to do', (system, code) => {
    const cause = systemError(system);
    const error = storageError(cause, 'file:///r', 'a/b', 'publish');
    expect(error).toMatchObject({ code, at: { repository: 'file:///r', object: 'a/b' }, cause });
    expect(error.message).toContain('a/b');
    expect(error.hint).toBeTruthy();
  });

  it('tells a file system without hard links from a lack of rights', () => {
    const error = storageError(systemError('EPERM', 'link'), 'file:///r', 'a', 'publish');
    expect(error).toMatchObject({ code: 'KOPS_CONFIG' });
    expect(error.hint).toContain('hard links');
  });

  it('says so where the file system cannot sync a directory, as SMB', () => {
    const error = storageError(systemError('EINVAL', 'fsync'), 'file:///r', undefined, 'create');
    expect(error).toMatchObject({ code: 'KOPS_CONFIG', exitCode: 2 });
    expect(error.hint).toContain('cannot sync directories');
    expect(storageError(systemError('EIO', 'fsync'), 'file:///r', 'a', 'publish').code).toBe(
      'KOPS_STORAGE_UNREACHABLE',
    );
  });

  it('passes a KopsError, and calls unexpected what it does not know', () => {
    const known = new KopsError('KOPS_REFUSED', 'no');
    expect(storageError(known, 'file:///r', 'a', 'publish')).toBe(known);
    expect(storageError(new TypeError('x'), 'file:///r', 'a', 'publish').code).toBe(
      'KOPS_UNEXPECTED',
    );
    expect(storageError(systemError('EWEIRD'), 'file:///r', 'a', 'publish').code).toBe(
      'KOPS_UNEXPECTED',
    );
  });
});
