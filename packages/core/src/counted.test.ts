import { expect, it } from 'vitest';
import { counted, formatCount } from './counted.ts';

it('writes every digit of a number', () => {
  expect(formatCount(1_234_567n)).toBe('1,234,567');
  expect(formatCount(-1234)).toBe('-1,234');
  expect(formatCount(123)).toBe('123');
});

it('counts nouns', () => {
  expect(counted(1, 'topic')).toBe('1 topic');
  expect(counted(2, 'loss')).toBe('2 losses');
  expect(counted(3, 'batch')).toBe('3 batches');
  expect(counted(0n, 'topic')).toBe('0 topics');
  expect(counted(2_000n, 'record')).toBe('2,000 records');
});
