import { utf8, type ByteCursor, type Whole } from '../byte-cursor.ts';
import {
  base64Text,
  decimalText,
  isoDate,
  isoTime,
  isoTimeOfDay,
  quote,
  twosComplement,
} from '../json-text.ts';
import { malformed } from '../undecodable.ts';

type Attributes = Readonly<Record<string, unknown>>;

/** Digits of a decimal at most: a scale of a billion would be a text of a billion zeros. */
const maxScale = 1000;

/** Bytes of a decimal at most; more digits than any database has. */
const maxDecimalBytes = 1024;

const digitsOr = (text: string | undefined, value: Whole): string =>
  text === undefined ? String(value) : `"${text}"`;

const zoned = (text: string | undefined): string | undefined => text && `${text}Z`;

const wholeTexts: Readonly<Record<string, (value: Whole) => string>> = {
  'int date': (value) => digitsOr(isoDate(value), value),
  'int time-millis': (value) => digitsOr(isoTimeOfDay(value, 3), value),
  'long time-micros': (value) => digitsOr(isoTimeOfDay(value, 6), value),
  'long timestamp-millis': (value) => digitsOr(zoned(isoTime(value, 3)), value),
  'long timestamp-micros': (value) => digitsOr(zoned(isoTime(value, 6)), value),
  'long timestamp-nanos': (value) => digitsOr(zoned(isoTime(value, 9)), value),
  'long local-timestamp-millis': (value) => digitsOr(isoTime(value, 3), value),
  'long local-timestamp-micros': (value) => digitsOr(isoTime(value, 6), value),
  'long local-timestamp-nanos': (value) => digitsOr(isoTime(value, 9), value),
};

/**
 * Text of an int or a long: dates and times as ISO 8601 with all digits, those that are no date and all else as number.
 * Source: https://avro.apache.org/docs/1.12.0/specification/#logical-types
 */
export function wholeText(type: 'int' | 'long', attributes: Attributes): (value: Whole) => string {
  const key = `${type} ${String(attributes['logicalType'])}`;
  return Object.hasOwn(wholeTexts, key) ? (wholeTexts[key] ?? String) : String;
}

/** Text of bytes; of a fixed with its size. Decimals are numbers with all their digits, everything unknown is base64. */
export function bytesText(attributes: Attributes, fixedSize?: number): (bytes: Buffer) => string {
  const { logicalType } = attributes;
  if (logicalType === 'decimal') return decimalOf(attributes) ?? base64Text;
  if (logicalType === 'uuid' && fixedSize === 16) return uuidText;
  if (logicalType === 'duration' && fixedSize === 12) return durationText;
  return base64Text;
}

function decimalOf({ precision, scale = 0 }: Attributes): ((bytes: Buffer) => string) | undefined {
  const isPlausible =
    Number.isSafeInteger(precision) &&
    Number.isSafeInteger(scale) &&
    (scale as number) >= 0 &&
    (scale as number) <= Math.min(maxScale, precision as number);
  // As the specification says: an invalid logical type is ignored.
  if (!isPlausible) return undefined;
  return (bytes) =>
    bytes.length === 0 || bytes.length > maxDecimalBytes
      ? malformed('a decimal of no or too many bytes')
      : decimalText(twosComplement(bytes), scale as number);
}

function uuidText(bytes: Buffer): string {
  return `"${bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}"`;
}

function durationText(bytes: Buffer): string {
  const [months, days, millis] = [0, 4, 8].map((at) => bytes.readUInt32LE(at).toString());
  return `{"months":${String(months)},"days":${String(days)},"milliseconds":${String(millis)}}`;
}

/** Text of a string. */
export function stringText(cursor: ByteCursor, length: number): string {
  return quote(utf8(cursor.take(length)));
}
