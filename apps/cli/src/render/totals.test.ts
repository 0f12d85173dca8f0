import { expect, it } from 'vitest';
import { formatLosses } from './totals.ts';

it('does not call a loss 0 offsets where its extent is not known', () => {
  expect(formatLosses({ count: 1, offsets: 0n })).toBe('1 loss of unknown extent');
  expect(formatLosses({ count: 2, offsets: 0n })).toBe('2 losses of unknown extent');
  expect(formatLosses({ count: 2, offsets: 30n })).toBe('30 offsets in 2 gaps');
  expect(formatLosses({ count: 0, offsets: 0n })).toBe('none');
});
