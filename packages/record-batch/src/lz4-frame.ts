import { compressSync, decompressFrameSync, uncompressSync } from 'lz4-napi';
import { BoundedOutput } from './decompression-limit.ts';
import { corruptBatch } from './batch-errors.ts';
import { xxhash32 } from './xxhash32.ts';

/*
 * LZ4 frames (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md), little endian: magic, FLG, BD,
 * [content size 8], [dictionary id 4], header checksum 1, blocks of (size 4, data, [checksum 4]), end mark 4,
 * [content checksum 4]. The highest bit of a block's size says that it is stored as it is.
 *
 * Frames are written here around lz4-napi's block functions, as Java's producer does: blocks of 64 KiB, independent
 * (Java's reader refuses others), no content checksum. The library's own frames have blocks of up to 4 MiB, which every
 * consumer would have to hold. They are read here too, because the library has no limit on what it unpacks; only
 * frames of dependent blocks go to it, once their blocks cannot exceed the limit.
 */
const magic = 0x184d2204;
const flag = {
  version: 0x40,
  independent: 0x20,
  blockChecksum: 0x10,
  contentSize: 0x08,
  contentChecksum: 0x04,
  dictionary: 0x01,
};
const storedBit = 0x8000_0000;
const minHeaderBytes = 7;
const blockBytes = 64 * 1024;
const blockSizeId64KiB = 4;
/** One byte of LZ4 yields at most 255. */
const bestRatio = 255;

interface Frame {
  readonly flags: number;
  readonly maxBlockBytes: number;
  /** Position of the first block. */
  readonly start: number;
}

/** One frame of independent blocks, as Kafka's Java producer writes it. */
export function compressLz4(plain: Uint8Array): Uint8Array {
  const header = Buffer.alloc(minHeaderBytes);
  header.writeUInt32LE(magic, 0);
  header[4] = flag.version | flag.independent;
  header[5] = blockSizeId64KiB << 4;
  header[6] = headerChecksum(header.subarray(4, 6));
  const parts: Uint8Array[] = [header];
  for (let position = 0; position < plain.byteLength; position += blockBytes) {
    parts.push(...encodeBlock(plain.subarray(position, position + blockBytes)));
  }
  parts.push(Buffer.alloc(4));
  return Buffer.concat(parts);
}

function encodeBlock(plain: Uint8Array): Buffer[] {
  // lz4-napi puts the plain size in front, which frames do not have.
  const compressed = compressSync(asBuffer(plain)).subarray(4);
  const size = Buffer.alloc(4);
  if (compressed.byteLength < plain.byteLength) {
    size.writeUInt32LE(compressed.byteLength);
    return [size, compressed];
  }
  size.writeUInt32LE(storedBit + plain.byteLength);
  return [size, asBuffer(plain)];
}

/** The first frame; what follows its end mark is ignored, as Java does. @throws KOPS_BATCH_CORRUPT, KOPS_REFUSED or the library's own error */
export function decompressLz4(compressed: Uint8Array, maxBytes: number): Uint8Array {
  const frame = readHeader(compressed);
  return (frame.flags & flag.independent) === 0
    ? decompressDependent(compressed, frame, maxBytes)
    : decompressIndependent(compressed, frame, maxBytes);
}

function readHeader(bytes: Uint8Array): Frame {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < minHeaderBytes || data.getUint32(0, true) !== magic)
    throw corruptBatch('not an LZ4 frame');
  const flags = data.getUint8(4);
  const sizeId = (data.getUint8(5) >> 4) & 0x07;
  if ((flags & 0xc0) !== flag.version) throw corruptBatch('LZ4 frame of an unknown version');
  if ((flags & flag.dictionary) !== 0)
    throw corruptBatch('LZ4 frame needs a dictionary, Kafka has none');
  if (sizeId < blockSizeId64KiB) throw corruptBatch(`LZ4 frame with unknown block size ${sizeId}`);
  const checksumAt = minHeaderBytes - 1 + ((flags & flag.contentSize) === 0 ? 0 : 8);
  if (bytes[checksumAt] !== headerChecksum(bytes.subarray(4, checksumAt))) {
    throw corruptBatch('LZ4 frame header does not match its checksum');
  }
  return { flags, maxBlockBytes: 2 ** (8 + 2 * sizeId), start: checksumAt + 1 };
}

/** One block of a frame. */
interface Block {
  readonly isStored: boolean;
  readonly data: Uint8Array;
}

/** Blocks up to the end mark; returns the position after it. */
function* readBlocks(bytes: Uint8Array, frame: Frame): Generator<Block, number> {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const checksumBytes = (frame.flags & flag.blockChecksum) === 0 ? 0 : 4;
  let position = frame.start;
  for (;;) {
    if (position + 4 > bytes.byteLength) throw corruptBatch('LZ4 frame ends without its end mark');
    const word = data.getUint32(position, true);
    const size = word & 0x7fff_ffff;
    position += 4;
    if (size === 0) return position;
    const end = position + size;
    if (size > frame.maxBlockBytes || end + checksumBytes > bytes.byteLength) {
      throw corruptBatch(`LZ4 block of ${size} bytes is cut off or larger than its frame allows`);
    }
    const block = bytes.subarray(position, end);
    if (checksumBytes > 0 && data.getUint32(end, true) !== xxhash32(block)) {
      throw corruptBatch('LZ4 block does not match its checksum');
    }
    yield { isStored: word >= storedBit, data: block };
    position = end + checksumBytes;
  }
}

function decompressIndependent(bytes: Uint8Array, frame: Frame, maxBytes: number): Uint8Array {
  const output = new BoundedOutput(maxBytes);
  const blocks = readBlocks(bytes, frame);
  let next = blocks.next();
  for (; next.done !== true; next = blocks.next()) {
    const { isStored, data } = next.value;
    output.append(isStored ? data : decodeBlock(data, frame.maxBlockBytes));
  }
  const plain = output.join();
  checkContent(bytes, frame, next.value, plain);
  return plain;
}

function decodeBlock(block: Uint8Array, maxBlockBytes: number): Uint8Array {
  // A copy, because the library wants the size in front: at most one block, allocated within the ratio LZ4 can reach.
  const sized = Buffer.allocUnsafe(4 + block.byteLength);
  sized.writeUInt32LE(Math.min(maxBlockBytes, block.byteLength * bestRatio));
  sized.set(block, 4);
  return uncompressSync(sized);
}

function decompressDependent(bytes: Uint8Array, frame: Frame, maxBytes: number): Uint8Array {
  const output = new BoundedOutput(maxBytes);
  let bound = 0;
  const blocks = readBlocks(bytes, frame);
  let next = blocks.next();
  for (; next.done !== true; next = blocks.next()) {
    const { isStored, data } = next.value;
    bound += isStored
      ? data.byteLength
      : Math.min(frame.maxBlockBytes, data.byteLength * bestRatio);
    output.reserve(bound);
  }
  const checksumBytes = (frame.flags & flag.contentChecksum) === 0 ? 0 : 4;
  const plain = decompressFrameSync(asBuffer(bytes.subarray(0, next.value + checksumBytes)));
  checkContent(bytes, frame, next.value, plain);
  return plain;
}

function checkContent(bytes: Uint8Array, frame: Frame, end: number, plain: Uint8Array): void {
  if ((frame.flags & flag.contentChecksum) === 0) return;
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (end + 4 > bytes.byteLength || data.getUint32(end, true) !== xxhash32(plain)) {
    throw corruptBatch('LZ4 content does not match its checksum');
  }
}

function headerChecksum(descriptor: Uint8Array): number {
  return (xxhash32(descriptor) >>> 8) & 0xff;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
