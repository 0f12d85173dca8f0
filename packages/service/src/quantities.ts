import { KopsError } from '@kops/core';

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `1.5 GiB`: a number of bytes for people, in powers of 1024. */
export function formatBytes(bytes: number | bigint): string {
  let value = Number(bytes);
  let unit = 0;
  // What would be printed as 1024 of a unit is printed as 1 of the next.
  while (Math.abs(value) >= 1023.95 && unit < byteUnits.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? String(Math.round(value)) : value.toFixed(1)} ${byteUnits[unit] ?? 'B'}`;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** `350 ms`, `4.2 s`, `5 m 3 s`, `2 h 5 m`, `3 d 4 h`: a time in ms for people, in at most two units. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (Math.round(ms) < second) return `${String(Math.round(ms))} ms`;
  if (ms < minute - 50) return `${(ms / second).toFixed(1)} s`;
  const units: [string, number, string, number][] = [
    ['m', minute, 's', second],
    ['h', hour, 'm', minute],
    ['d', day, 'h', hour],
  ];
  for (const [large, largeMs, small, smallMs] of units) {
    const rounded = Math.round(ms / smallMs) * smallMs;
    const next = largeMs === day ? Infinity : largeMs === hour ? day : hour;
    if (rounded >= next) continue;
    const rest = Math.round((rounded % largeMs) / smallMs);
    const whole = `${String(Math.floor(rounded / largeMs))} ${large}`;
    return rest === 0 ? whole : `${whole} ${String(rest)} ${small}`;
  }
  return `${String(ms)} ms`;
}

/** `212.4 MiB/s`: bytes over a time in ms; `-` when no time passed. */
export function formatRate(bytes: number | bigint, ms: number): string {
  return ms > 0 ? `${formatBytes((Number(bytes) * second) / ms)}/s` : '-';
}

const byteFactors: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
  pib: 1024 ** 5,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
  tb: 1000 ** 4,
  pb: 1000 ** 5,
};

/**
 * The bytes of a size such as `10GiB`, `1.5 MB`, `512` (bytes). KiB, MiB … are powers of 1024, kB, MB … of 1000.
 * @throws KOPS_USAGE for anything else: a bare `10G` could mean either.
 */
export function parseBytes(text: string): number {
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim()) ?? [];
  const factor = byteFactors[unit.toLowerCase()];
  const bytes = factor === undefined || amount === '' ? NaN : Math.round(Number(amount) * factor);
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new KopsError('KOPS_USAGE', `not a size: ${JSON.stringify(text)}`, {
    hint: 'Write a number and a unit, such as 512KiB, 64MiB or 10GiB (or kB, MB, GB for powers of 1000).',
  });
}

const durationFactors: Readonly<Record<string, number>> = {
  ms: 1,
  s: second,
  m: minute,
  h: hour,
  d: day,
  w: 7 * day,
};

/**
 * The milliseconds of a time such as `5m`, `1h30m`, `1.5 s`, `250ms`, `7d`.
 * @throws KOPS_USAGE for anything else, also for a number without unit other than 0.
 */
export function parseDuration(text: string): number {
  const compact = text.replaceAll(/\s+/g, '');
  if (compact === '0') return 0;
  let ms = /^(\d+(\.\d+)?(ms|[smhdw]))+$/.test(compact) ? 0 : NaN;
  for (const [, amount, unit] of compact.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)) {
    ms += Number(amount) * (durationFactors[unit ?? ''] ?? NaN);
  }
  ms = Math.round(ms);
  if (Number.isSafeInteger(ms)) return ms;
  throw new KopsError('KOPS_USAGE', `not a length of time: ${JSON.stringify(text)}`, {
    hint: 'Write numbers with units ms, s, m, h, d or w, such as 30s, 5m or 1h30m.',
  });
}
