import { isUtf8 } from 'node:buffer';

/** The same memory as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Whether bytes are a text that people can read: UTF-8 without zero bytes, which serialized numbers have and texts have not. */
export function isText(bytes: Uint8Array): boolean {
  return isUtf8(bytes) && !bytes.includes(0);
}

/** The longest part of a text, from its start, that takes at most `maxBytes` and ends with a whole character. */
export function cutUtf8(bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (bytes.byteLength <= maxBytes) return bytes;
  let end = maxBytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

/** {@link cutUtf8} of a string. */
export function cutText(text: string, maxBytes: number): string {
  // No character takes more than three bytes per UTF-16 unit.
  if (text.length * 3 <= maxBytes) return text;
  const bytes = Buffer.from(text, 'utf8');
  return bytes.byteLength <= maxBytes ? text : asBuffer(cutUtf8(bytes, maxBytes)).toString('utf8');
}
