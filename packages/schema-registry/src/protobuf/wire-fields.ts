import type { ByteCursor } from '../byte-cursor.ts';
import { malformed } from '../undecodable.ts';
import { readDelimited, wireTypes } from './scalars.ts';

/** What stands before a field's bytes. */
export interface Tag {
  readonly number: number;
  readonly wireType: number;
}

/** Reads the tag of a field. */
export function readTag(cursor: ByteCursor): Tag {
  const value = cursor.varint();
  if (typeof value === 'bigint' || value >= 2 ** 32 || value < 8)
    malformed('a field whose number cannot be');
  return { number: Math.floor(value / 8), wireType: value % 8 };
}

/** Goes past the bytes of a field that nobody asks for. */
export function skipField(cursor: ByteCursor, { number, wireType }: Tag): void {
  switch (wireType) {
    case wireTypes.varint:
      cursor.varint();
      return;
    case wireTypes.fixed64:
      cursor.take(8);
      return;
    case wireTypes.bytes:
      readDelimited(cursor);
      return;
    case wireTypes.startGroup:
      readGroup(cursor, number);
      return;
    case wireTypes.fixed32:
      cursor.take(4);
      return;
    default:
      malformed('a field of no wire type');
  }
}

/** Bytes of a message that ends with a tag instead of beginning with its length. */
export function readGroup(cursor: ByteCursor, number: number): Buffer {
  return cursor.effort.nested(() => {
    const start = cursor.position;
    for (;;) {
      const end = cursor.position;
      const tag = readTag(cursor);
      if (tag.wireType !== wireTypes.endGroup) skipField(cursor, tag);
      else if (tag.number === number) return cursor.bytes.subarray(start, end);
      else malformed('a group that ends as another');
    }
  });
}
