import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatDuration,
  formatRate,
  parseBytes,
  parseDuration,
} from './quantities.ts';

const usage = expect.objectContaining({
  code: 'KOPS_USAGE',
  hint: expect.stringContaining('such as') as string,
}) as Error;

describe('quantities', () => {
  it.each<[number | bigint, string]>([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1024 * 1024 - 1, '1.0 MiB'],
    [1536 * 1024, '1.5 MiB'],
    [10n * 1024n ** 3n, '10.0 GiB'],
    [-2048, '-2.0 KiB'],
  ])('writes %s bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [0, '0 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [4_200, '4.2 s'],
    [59_940, '59.9 s'],
    [59_960, '1 m'],
    [303_000, '5 m 3 s'],
    [3_599_900, '1 h'],
    [7_500_000, '2 h 5 m'],
    [86_399_000, '1 d'],
    [273_600_000, '3 d 4 h'],
    [-4_200, '-4.2 s'],
  ])('writes %s ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('writes rates', () => {
    expect(formatRate(10n * 1024n * 1024n, 500)).toBe('20.0 MiB/s');
    expect(formatRate(10, 0)).toBe('-');
  });

  it.each([
    ['10GiB', 10 * 1024 ** 3],
    ['1.5 MB', 1_500_000],
    [' 64mib ', 64 * 1024 ** 2],
    ['512', 512],
    ['0b', 0],
  ])('reads %j as %s bytes', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  it.each(['', '10G', '10 K', '-1B', '1e3', 'GiB', '1.GiB', '10GiBs', '9999999PiB', '1,5MB'])(
    'refuses %j as a size',
    (text) => {
      expect(() => parseBytes(text)).toThrow(usage);
    },
  );

  it.each([
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1.5 s', 1500],
    ['250ms', 250],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
    ['0', 0],
  ])('reads %j as %s ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '5', 'm', '-5m', '5 months', '5m!', '1e3s', '99999999999999w'])(
    'refuses %j as a length of time',
    (text) => {
      expect(() => parseDuration(text)).toThrow(usage);
    },
  );

  it('reads back what it wrote, to the precision that was written', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 50 }), (amount) => {
        expect(Math.abs(parseBytes(formatBytes(amount)) - amount)).toBeLessThanOrEqual(
          amount * 0.06,
        );
        expect(Math.abs(parseDuration(formatDuration(amount)) - amount)).toBeLessThanOrEqual(
          amount * 0.06 + 0.5,
        );
      }),
    );
  });
});
