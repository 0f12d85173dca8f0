import { describe, expect, it } from 'vitest';
import { parseInstant, parseRate } from './value-flags.ts';

describe('points in time', () => {
  it.each([
    ['2026-03-01T12:00:00Z', 1_772_366_400_000n],
    ['2026-03-01T13:00:00+01:00', 1_772_366_400_000n],
    ['2026-03-01T12:00:00.250Z', 1_772_366_400_250n],
    ['2026-03-01', 1_772_323_200_000n],
    ['1772366400000', 1_772_366_400_000n],
    ['0', 0n],
  ])('reads %s', (text, ms) => {
    expect(parseInstant(text)).toBe(ms);
  });

  it.each([
    ['now', 1_772_366_400_000n],
    ['-1h', 1_772_362_800_000n],
    ['-1h30m', 1_772_361_000_000n],
    ['-7d', 1_771_761_600_000n],
  ])('reads %s, before now', (text, ms) => {
    expect(parseInstant(text, () => 1_772_366_400_000)).toBe(ms);
  });

  // Without a zone it would be another time on another machine.
  it.each([
    '2026-03-01T12:00:00',
    '2026-13-01',
    'yesterday',
    '',
    '-1',
    '-1x',
    '-h',
    '1h',
    '1.5',
    '2026-03-01 12:00:00Z',
  ])('refuses %j', (text) => {
    expect(() => parseInstant(text)).toThrow(expect.objectContaining({ code: 'KOPS_USAGE' }));
  });
});

describe('rates', () => {
  it.each([
    ['200MiB/s', 200 * 1024 * 1024],
    ['1.5kB', 1500],
  ])('reads %s', (text, bytes) => {
    expect(parseRate(text)).toBe(bytes);
  });

  it.each(['0', '0MiB/s', 'fast', '10G/s'])('refuses %s', (text) => {
    expect(() => parseRate(text)).toThrow(expect.objectContaining({ code: 'KOPS_USAGE' }));
  });
});
