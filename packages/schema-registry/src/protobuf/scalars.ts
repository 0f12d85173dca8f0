import { unzigzag, utf8, type ByteCursor, type Whole } from '../byte-cursor.ts';
import { base64Text, doubleText, floatText, quote } from '../json-text.ts';

/** How a field lies in the bytes. Source: https://protobuf.dev/programming-guides/encoding/ */
export const wireTypes = {
  varint: 0,
  fixed64: 1,
  bytes: 2,
  startGroup: 3,
  endGroup: 4,
  fixed32: 5,
} as const;

/** A type without fields. */
export interface Scalar {
  readonly wireType: number;
  /** What a field has that is not there. */
  readonly absent: string;
  /** Reads one as JSON text. */
  readonly read: (cursor: ByteCursor) => string;
}

/** The lowest 32 bits as they are; an int32 of the wire may have 64. */
export const low32 = (value: Whole): number =>
  typeof value === 'bigint' ? Number(BigInt.asIntN(32, value)) : (value % 2 ** 32) | 0;

const varint = (text: (value: Whole) => string, absent = '0'): Scalar => ({
  wireType: wireTypes.varint,
  absent,
  read: (cursor) => text(cursor.varint()),
});

const fixed = (bytes: 4 | 8, text: (bytes: Buffer) => string): Scalar => ({
  wireType: bytes === 4 ? wireTypes.fixed32 : wireTypes.fixed64,
  absent: '0',
  read: (cursor) => text(cursor.take(bytes)),
});

const delimited = (text: (bytes: Buffer) => string): Scalar => ({
  wireType: wireTypes.bytes,
  absent: '""',
  read: (cursor) => text(readDelimited(cursor)),
});

const scalars: Readonly<Record<string, Scalar>> = {
  int32: varint((value) => String(low32(value))),
  uint32: varint((value) => String(low32(value) >>> 0)),
  sint32: varint((value) => String(unzigzag(low32(value) >>> 0))),
  int64: varint((value) => String(typeof value === 'bigint' ? BigInt.asIntN(64, value) : value)),
  uint64: varint(String),
  sint64: varint((value) => String(unzigzag(value))),
  bool: varint((value) => (value === 0 ? 'false' : 'true'), 'false'),
  fixed32: fixed(4, (bytes) => String(bytes.readUInt32LE())),
  sfixed32: fixed(4, (bytes) => String(bytes.readInt32LE())),
  float: fixed(4, (bytes) => floatText(bytes.readFloatLE())),
  fixed64: fixed(8, (bytes) => String(bytes.readBigUInt64LE())),
  sfixed64: fixed(8, (bytes) => String(bytes.readBigInt64LE())),
  double: fixed(8, (bytes) => doubleText(bytes.readDoubleLE())),
  string: delimited((bytes) => quote(utf8(bytes))),
  bytes: delimited(base64Text),
};

/** The scalar type of a name; undefined for messages and enums. */
export function scalarOf(name: string): Scalar | undefined {
  return Object.hasOwn(scalars, name) ? scalars[name] : undefined;
}

/** An enum: names where the schema has one, else numbers. */
export function enumScalar(values: Readonly<Record<string, number>>): Scalar {
  const names = new Map<number, string>();
  // Of two names for one number the first is the name.
  for (const [name, value] of Object.entries(values))
    if (!names.has(value)) names.set(value, quote(name));
  const text = (value: number): string => names.get(value) ?? String(value);
  return varint((value) => text(low32(value)), text(0));
}

/** Bytes behind their length. */
export function readDelimited(cursor: ByteCursor): Buffer {
  // Longer than the rest is refused there; a bigint is longer than everything.
  return cursor.take(Number(cursor.varint()));
}
