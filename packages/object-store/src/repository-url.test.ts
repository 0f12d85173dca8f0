import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseRepositoryUrl } from './index.ts';

describe('parseRepositoryUrl', () => {
  it.each([
    ['file:///backups', '/backups', 'file:///backups'],
    ['FILE:///backups/', '/backups', 'file:///backups'],
    ['file:///with%20space/%23', '/with space/#', 'file:///with%20space/%23'],
    ['/backups//kafka/../kafka', '/backups/kafka', 'file:///backups/kafka'],
    ['./backups', resolve('backups'), undefined],
    ['backups', resolve('backups'), undefined],
    ['odd:name', resolve('odd:name'), undefined],
    ['~/backups', join(homedir(), 'backups'), undefined],
    ['~', homedir(), undefined],
    ['./~', resolve('~'), undefined],
    ['file:///backups/~', '/backups/~', undefined],
  ])('takes %s for the directory %s', (text, directory, url) => {
    const location = parseRepositoryUrl(text);
    expect(location).toMatchObject({ scheme: 'file', directory });
    if (url !== undefined) expect(location.url).toBe(url);
  });

  it.each([
    ['', 'empty'],
    [' ', 'empty'],
    ['a\0b', 'not a path'],
    ['file://backups', 'not absolute'],
    ['file:backups', 'not absolute'],
    ['file:/backups', 'not absolute'],
    ['file:///backups?a=b', 'a query or a fragment'],
    ['file:///backups#a', 'a query or a fragment'],
    ['file:///a%2fb', 'not a file URL'],
    ['http://host/backups', 'repositories of the kind'],
    ['~root/backups', 'begins with ~ and a name'],
    ['s3://bucket/prefix', 'S3 are not supported yet'],
    ['S3://bucket', 'S3 are not supported yet'],
  ])('refuses %j: %s', (text, why) => {
    expect(() => parseRepositoryUrl(text)).toThrow(
      expect.objectContaining({
        code: 'KOPS_USAGE',
        message: expect.stringContaining(why) as string,
        hint: expect.stringContaining('directory') as string,
      }) as Error,
    );
  });
});
