import protobuf from 'protobufjs';
import { quote, isoTime } from '../json-text.ts';
import type { PrinterOf } from './field-plan.ts';
import {
  objectText,
  type FieldTexts,
  type MessagePrinter,
  type SpecialForm,
} from './message-printer.ts';

/*
 * Messages of Google's well-known types that Protobuf writes as other JSON than their fields.
 * Source: https://protobuf.dev/programming-guides/json/
 */

const nanosPerSecond = 1_000_000_000n;

const wholeOf = (fields: FieldTexts, name: string): bigint => BigInt(fields.get(name) ?? '0');

/** Fraction of a second with 3, 6 or 9 digits, none where it is zero. */
function fractionText(nanos: bigint): string {
  if (nanos === 0n) return '';
  return `.${nanos
    .toString()
    .padStart(9, '0')
    .replace(/(000){1,2}$/, '')}`;
}

const timestamp: SpecialForm = (fields) => {
  const [seconds, nanos] = [wholeOf(fields, 'seconds'), wholeOf(fields, 'nanos')];
  const whole = isoTime(seconds * 1000n, 3)?.slice(0, 19);
  if (whole === undefined || nanos < 0n || nanos >= nanosPerSecond) return objectText(fields);
  return `"${whole}${fractionText(nanos)}Z"`;
};

const duration: SpecialForm = (fields) => {
  const [seconds, nanos] = [wholeOf(fields, 'seconds'), wholeOf(fields, 'nanos')];
  const total = seconds * nanosPerSecond + nanos;
  const isOdd = nanos <= -nanosPerSecond || nanos >= nanosPerSecond || seconds * nanos < 0n;
  if (isOdd) return objectText(fields);
  const size = total < 0n ? -total : total;
  const text = `${(size / nanosPerSecond).toString()}${fractionText(size % nanosPerSecond)}`;
  return `"${total < 0n ? '-' : ''}${text}s"`;
};

const fieldMask: SpecialForm = (fields) =>
  quote((JSON.parse(fields.get('paths') ?? '[]') as string[]).join(','));

/** The one field that is there. */
const only =
  (absent: string): SpecialForm =>
  (fields) =>
    fields.values().next().value ?? absent;

/** The parser's own copy of the file has the name in camel case. */
const anyValue: SpecialForm = (fields, effort) =>
  fields.has('null_value') || fields.has('nullValue') ? 'null' : only('null')(fields, effort);

const forms: Readonly<Record<string, SpecialForm>> = {
  Timestamp: timestamp,
  Duration: duration,
  FieldMask: fieldMask,
  Struct: only('{}'),
  ListValue: only('[]'),
  Value: anyValue,
  BoolValue: only('false'),
  StringValue: only('""'),
  BytesValue: only('""'),
  ...Object.fromEntries(
    ['Int32', 'UInt32', 'Int64', 'UInt64', 'Float', 'Double'].map((name) => [
      `${name}Value`,
      only('0'),
    ]),
  ),
};

/** The JSON that a type has of its own; undefined for all others. */
export function specialForm(
  type: protobuf.Type,
  root: protobuf.Root,
  printerOf: PrinterOf,
): SpecialForm | undefined {
  const [, name = ''] = /^\.google\.protobuf\.([A-Za-z0-9]+)$/.exec(type.fullName) ?? [];
  if (name === 'Any') return anyForm(root, printerOf);
  return Object.hasOwn(forms, name) ? forms[name] : undefined;
}

/** A message of any type: its fields where the schema has the type, else its bytes. */
function anyForm(root: protobuf.Root, printerOf: PrinterOf): SpecialForm {
  return (fields, effort) => {
    const url = fields.get('type_url') ?? '""';
    const value = fields.get('value') ?? '""';
    const name = String(JSON.parse(url)).split('/').at(-1) ?? '';
    const type = name === '' ? null : root.lookup(`.${name}`, [protobuf.Type]);
    const label = `{"@type":${url}`;
    const printer = type instanceof protobuf.Type ? printerIfKnown(type, printerOf) : undefined;
    if (printer === undefined) return `${label},"value":${value}}`;
    const text = printer.print(Buffer.from(String(JSON.parse(value)), 'base64'), effort);
    if (printer.isSpecial) return `${label},"value":${text}}`;
    return text === '{}' ? `${label}}` : `${label},${text.slice(1)}`;
  };
}

/** A type that is only held by an Any may have fields of types that are nowhere; its bytes are shown then. */
function printerIfKnown(type: protobuf.Type, printerOf: PrinterOf): MessagePrinter | undefined {
  try {
    return printerOf(type);
  } catch {
    return undefined;
  }
}
