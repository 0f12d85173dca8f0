import { KopsError } from '@kops/core';

const pairs = [
  ['from', 'to'],
  ['from-offset', 'to-offset'],
] as const;

/** Refuses a window that nothing can be in. Flags that a command does not have do not count. @throws KOPS_USAGE */
export function refuseEmptyWindow(flags: Readonly<Record<string, unknown>>): void {
  for (const [first, end] of pairs) {
    const [from, to] = [flags[first], flags[end]];
    if (typeof from !== 'bigint' || typeof to !== 'bigint' || from < to) continue;
    throw new KopsError('KOPS_USAGE', `--${first} is not before --${end}`, {
      hint: `Correct --${first} and --${end}; --${end} is the exclusive end of the window.`,
    });
  }
}
