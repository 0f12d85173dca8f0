import { describe, expect, it } from 'vitest';
import { wantsChildren } from './early-children.ts';

describe('wantsChildren', () => {
  it.each([['backup'], ['backup --repository /b'], ['backup --dry-run']])('of %j', (line) => {
    expect(wantsChildren(line.split(' '))).toBe(true);
  });

  it.each([
    [''],
    ['restore --repository backup'],
    ['backup --help'],
    ['backup -h'],
    ['backup --archiver far:1'],
    ['backup --archiver=far:1'],
    ['help backup'],
  ])('not of %j', (line) => {
    expect(wantsChildren(line.split(' '))).toBe(false);
  });
});
