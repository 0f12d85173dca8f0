import { KopsError, silentLogger } from '@kops/core';
import { expect, it } from 'vitest';
import { ArchiverLink } from './archiver-link.ts';

it('tells once that the archiver is lost and once that it is back, however often it was tried', () => {
  const lines: string[] = [];
  const line = (message: string, fields?: object): void =>
    void lines.push(`${message} ${JSON.stringify(fields ?? {})}`);
  let at = 0;
  const link = new ArchiverLink(
    { ...silentLogger, info: line, warn: line },
    { monotonic: () => at },
  );
  const refused = new KopsError('KOPS_ARCHIVER_UNREACHABLE', 'refused');
  link.lost(refused);
  link.lost(refused);
  link.joined();
  for (let attempt = 0; attempt < 100; attempt++) {
    at += 500;
    link.lost(refused);
  }
  link.joined();
  expect(lines).toEqual([
    'the archiver cannot be reached, retrying until it answers {"code":"KOPS_ARCHIVER_UNREACHABLE","reason":"refused"}',
    'joined the archiver {}',
    'the connection to the archiver was lost, retrying until it answers {"code":"KOPS_ARCHIVER_UNREACHABLE","reason":"refused"}',
    'rejoined the archiver {"lostMs":49500}',
  ]);
});
