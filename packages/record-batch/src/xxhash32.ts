const prime1 = 0x9e3779b1;
const prime2 = 0x85ebca77;
const prime3 = 0xc2b2ae3d;
const prime4 = 0x27d4eb2f;
const prime5 = 0x165667b1;
const stripeBytes = 16;

/** xxHash32 with seed 0, as LZ4 frames use it for their checksums (https://github.com/Cyan4973/xxHash, XXH32). */
export function xxhash32(bytes: Uint8Array): number {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.byteLength;
  const stripesEnd = length - (length % stripeBytes);
  let hash = stripesEnd === 0 ? prime5 : mixStripes(data, stripesEnd);
  hash = (hash + length) | 0;
  let position = stripesEnd;
  for (; position + 4 <= length; position += 4) {
    hash = (hash + Math.imul(data.getUint32(position, true), prime3)) | 0;
    hash = Math.imul(rotateLeft(hash, 17), prime4);
  }
  for (; position < length; position++) {
    hash = (hash + Math.imul(data.getUint8(position), prime5)) | 0;
    hash = Math.imul(rotateLeft(hash, 11), prime1);
  }
  return avalanche(hash);
}

function mixStripes(data: DataView, end: number): number {
  let a = (prime1 + prime2) | 0;
  let b = prime2 | 0;
  let c = 0;
  let d = -prime1 | 0;
  for (let position = 0; position < end; position += stripeBytes) {
    a = mixLane(a, data.getUint32(position, true));
    b = mixLane(b, data.getUint32(position + 4, true));
    c = mixLane(c, data.getUint32(position + 8, true));
    d = mixLane(d, data.getUint32(position + 12, true));
  }
  return (rotateLeft(a, 1) + rotateLeft(b, 7) + rotateLeft(c, 12) + rotateLeft(d, 18)) | 0;
}

function mixLane(lane: number, input: number): number {
  return Math.imul(rotateLeft((lane + Math.imul(input, prime2)) | 0, 13), prime1);
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function avalanche(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 15), prime2);
  hash = Math.imul(hash ^ (hash >>> 13), prime3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
