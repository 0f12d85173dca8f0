import { describe, expect, it } from 'vitest';
import { parseRenames, restoreOptions } from './restore-options.ts';

const plain = { offsets: 'auto', resume: false, 'hold-retention': false } as const;

describe('options of a restore', () => {
  it('leaves out what was not given', () => {
    expect(restoreOptions(plain)).toEqual({ offsets: 'auto', resume: false, holdRetention: false });
  });

  it('takes a window with one open end', () => {
    expect(restoreOptions({ ...plain, from: 5n }).window).toEqual({ from: 5n });
    expect(restoreOptions({ ...plain, to: 9n }).window).toEqual({ to: 9n });
  });

  it("takes 'none' for no groups, and a group called so only beside others", () => {
    expect(restoreOptions({ ...plain, groups: ['none'] }).groups).toBe('none');
    expect(restoreOptions({ ...plain, groups: ['none', 'a'] }).groups).toEqual(['none', 'a']);
  });

  it('reads renames', () => {
    expect(parseRenames(['a=b', 'c.d-e_f=g'])).toEqual({ a: 'b', 'c.d-e_f': 'g' });
  });

  // Names from outside must not reach the prototype.
  it('takes __proto__ for a name', () => {
    expect(Object.keys(parseRenames(['__proto__=b']))).toEqual(['__proto__']);
  });

  it.each([[['a']], [['=b']], [['a=']], [['a=b=c']], [['a=b', 'a=c']]])('refuses %j', (renames) => {
    expect(() => parseRenames(renames)).toThrow(expect.objectContaining({ code: 'KOPS_USAGE' }));
  });
});
