import { describe, expect, it } from 'vitest';
import { askedCommand, commands } from './commands.ts';

describe('askedCommand', () => {
  it.each([
    [['backup', '--help'], 'backup'],
    [['archives', 'list'], 'archives:list'],
    [['archives:show', 'latest'], 'archives:show'],
  ])('finds the one that is asked for in %j', (args, name) => {
    expect(askedCommand(args)).toBe(name);
  });

  it.each([
    [[]],
    [['--help']],
    [['archives']],
    [['bakup']],
    [['help', 'backup']],
    [['constructor']],
  ])('finds none in %j, so that all are loaded', (args) => {
    expect(askedCommand(args)).toBeUndefined();
  });
});

describe('commands', () => {
  it('are all there where none was asked for', () => {
    expect(Object.keys(commands)).toContain('config:show');
    expect(Object.keys(commands).length).toBeGreaterThan(10);
  });
});
