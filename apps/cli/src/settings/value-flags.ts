import { Flags } from '@oclif/core';
import { KopsError } from '@kops/core';
import { parseBytes, parseDuration } from '@kops/service';

const usage = (message: string, hint: string): KopsError =>
  new KopsError('KOPS_USAGE', message, { hint });

/** A flag of an offset: a whole number of 64 bits, 0 or more. */
export const offset = Flags.custom<bigint>({
  parse: async (text) => {
    if (/^\d{1,19}$/.test(text) && BigInt(text) < 2n ** 63n) return BigInt(text);
    throw usage(`not an offset: ${JSON.stringify(text)}`, 'Write a whole number, 0 or more.');
  },
});

/** A flag of a point in time, in ms since the epoch. */
export const instant = Flags.custom<bigint>({ parse: async (text) => parseInstant(text) });

/** A flag of a length of time, in ms. */
export const duration = Flags.custom<number>({ parse: async (text) => parseDuration(text) });

/** A flag of a size, in bytes. */
export const size = Flags.custom<number>({ parse: async (text) => parseBytes(text) });

/** A flag of a rate, in bytes per second. */
export const rate = Flags.custom<number>({ parse: async (text) => parseRate(text) });

/** A time before now: `-1h`. A number alone is none: `-1` could be ms since 1970. */
const relative = /^-\d.*[a-z]$/;

const isoInstant = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/**
 * Milliseconds since the epoch of `2026-03-01T12:00:00Z`, of a day alone (its first instant, UTC), of a plain number of ms, of `now`, or of
 * a time before now such as `-1h30m`.
 * @throws KOPS_USAGE for anything else, also for a time of day without its zone
 */
export function parseInstant(text: string, now: () => number = Date.now): bigint {
  if (text === 'now') return BigInt(now());
  if (relative.test(text)) return BigInt(now() - parseDuration(text.slice(1)));
  if (/^\d{1,16}$/.test(text)) return BigInt(text);
  const ms = isoInstant.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return BigInt(ms);
  throw usage(
    `not a point in time: ${JSON.stringify(text)}`,
    'Write it like 2026-03-01T12:00:00Z or 2026-03-01T13:00:00+01:00, as a day (UTC), as a time before now such as -1h or -7d, or in ms since 1970.',
  );
}

/** Bytes per second of `200MiB/s` or `200MiB`. @throws KOPS_USAGE */
export function parseRate(text: string): number {
  const bytes = parseBytes(text.replace(/\/s$/, ''));
  if (bytes > 0) return bytes;
  throw usage(`not a rate: ${JSON.stringify(text)}`, 'Write a size per second, such as 200MiB/s.');
}
