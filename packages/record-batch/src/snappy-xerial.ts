import { compressSync, uncompressSync } from 'snappy';
import { BoundedOutput } from './decompression-limit.ts';
import { corruptBatch } from './batch-errors.ts';

/*
 * Kafka's snappy is that of xerial's SnappyOutputStream: 8 bytes of magic, int32 version, int32 lowest compatible
 * version, then blocks of int32 length and raw snappy, all big endian. Some clients send one raw snappy block without
 * any framing, which Java reads as well.
 */
const magic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const headerBytes = 16;
const version = 1;
const blockBytes = 32 * 1024;
/** The best a snappy element can do is a copy of 64 bytes in 3; what declares more is a lie. */
const bestRatio = 22;

/** Framed as Java's clients do it. */
export function compressSnappy(plain: Uint8Array): Uint8Array {
  const header = Buffer.alloc(headerBytes);
  magic.copy(header);
  header.writeInt32BE(version, 8);
  header.writeInt32BE(version, 12);
  const parts: Uint8Array[] = [header];
  for (let position = 0; position < plain.byteLength; position += blockBytes) {
    const block = compressSync(plain.subarray(position, position + blockBytes));
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.byteLength);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

/** Framed or raw. @throws KOPS_BATCH_CORRUPT, KOPS_REFUSED or the library's own error */
export function decompressSnappy(compressed: Uint8Array, maxBytes: number): Uint8Array {
  const output = new BoundedOutput(maxBytes);
  if (!startsWithMagic(compressed, 0)) {
    appendBlock(output, compressed);
    return output.join();
  }
  const data = new DataView(compressed.buffer, compressed.byteOffset, compressed.byteLength);
  let position = 0;
  while (position < compressed.byteLength) {
    // Streams that were concatenated repeat the header; its first byte would be a negative length.
    if (startsWithMagic(compressed, position)) {
      position = afterHeader(data, position);
      continue;
    }
    const length = position + 4 <= data.byteLength ? data.getInt32(position) : -1;
    const start = position + 4;
    if (length < 0 || start + length > compressed.byteLength) {
      throw corruptBatch(`snappy block at byte ${position} is cut off or has a negative length`);
    }
    appendBlock(output, compressed.subarray(start, start + length));
    position = start + length;
  }
  return output.join();
}

function startsWithMagic(bytes: Uint8Array, position: number): boolean {
  return (
    bytes.byteLength >= position + magic.byteLength &&
    magic.every((byte, i) => bytes[position + i] === byte)
  );
}

function afterHeader(data: DataView, position: number): number {
  if (position + headerBytes > data.byteLength) throw corruptBatch('snappy header is cut off');
  const compatible = data.getInt32(position + 12);
  if (compatible > version)
    throw corruptBatch(`snappy framing of version ${compatible} is unknown`);
  return position + headerBytes;
}

function appendBlock(output: BoundedOutput, block: Uint8Array): void {
  // The library allocates what the block declares, so that is checked first.
  const declared = declaredBytes(block);
  if (declared > block.byteLength * bestRatio) {
    throw corruptBatch(`snappy block of ${block.byteLength} bytes claims to hold ${declared}`);
  }
  output.reserve(declared);
  output.append(uncompressSync(block) as Buffer);
}

/** The varint that every raw snappy block starts with. */
function declaredBytes(block: Uint8Array): number {
  let size = 0;
  for (let i = 0; i < 5; i++) {
    const byte = block[i];
    if (byte === undefined) break;
    size += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return size;
  }
  throw corruptBatch('snappy block without a readable size');
}
