import type { Whole } from './byte-cursor.ts';

/** A text as JSON. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

/** Bytes as JSON: a text of base64. */
export function base64Text(bytes: Buffer): string {
  return `"${bytes.toString('base64')}"`;
}

/** A double as JSON: the shortest digits that are it; what JSON has no number for is a text, as Protobuf writes it. */
export function doubleText(value: number): string {
  if (!Number.isFinite(value)) return `"${String(value)}"`;
  return Object.is(value, -0) ? '-0' : String(value);
}

/** A float of 32 bits as JSON: 0.1 and not 0.10000000149011612. */
export function floatText(value: number): string {
  // Digits of -0 have no sign.
  if (!Number.isFinite(value) || value === 0) return doubleText(value);
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return doubleText(short);
  }
  return doubleText(Number(value.toPrecision(9)));
}

/** A decimal number as JSON, with all digits of its scale: `1.10` for 110 and 2. */
export function decimalText(unscaled: bigint, scale: number): string {
  if (scale === 0) return unscaled.toString();
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** The number that bytes of two's complement are, the highest first. */
export function twosComplement(bytes: Buffer): bigint {
  const value = BigInt(`0x${bytes.toString('hex')}`);
  return BigInt.asIntN(bytes.length * 8, value);
}

/** Digits of a second's fraction. */
export type FractionDigits = 3 | 6 | 9;

const firstSecond = -62_167_219_200n;
const lastSecond = 253_402_300_799n;
const secondsPerDay = 86_400n;

const perSecond = (digits: FractionDigits): bigint => 10n ** BigInt(digits);
const fraction = (value: bigint, digits: FractionDigits): string =>
  value.toString().padStart(digits, '0');

/**
 * A time since 1970 as ISO 8601 with all digits of its unit, without a zone; undefined outside of the years 0 to 9999.
 */
export function isoTime(time: Whole, digits: FractionDigits): string | undefined {
  const unit = perSecond(digits);
  const value = BigInt(time);
  const part = ((value % unit) + unit) % unit;
  const seconds = (value - part) / unit;
  if (seconds < firstSecond || seconds > lastSecond) return undefined;
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${whole}.${fraction(part, digits)}`;
}

/** A day since 1970 as ISO 8601; undefined outside of the years 0 to 9999. */
export function isoDate(day: Whole): string | undefined {
  const seconds = BigInt(day) * secondsPerDay;
  return isoTime(seconds * 1000n, 3)?.slice(0, 10);
}

/** A time of day as ISO 8601; undefined for what is none. */
export function isoTimeOfDay(time: Whole, digits: FractionDigits): string | undefined {
  const value = BigInt(time);
  if (value < 0n || value >= secondsPerDay * perSecond(digits)) return undefined;
  return isoTime(value, digits)?.slice(11);
}
