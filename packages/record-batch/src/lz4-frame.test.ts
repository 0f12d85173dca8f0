import { compressFrameSync } from 'lz4-napi';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compressLz4, decompressLz4 } from './lz4-frame.ts';
import { xxhash32 } from './xxhash32.ts';
import { readCase } from '../test/golden-cases.ts';
import { thrownBy } from '../test/thrown.ts';

const limit = 1 << 24;
const text = Buffer.from('hello lz4, hello kafka. '.repeat(12_000));
const damaged = { code: 'KOPS_BATCH_CORRUPT' };

describe('LZ4 frames', () => {
  it('come back for any content and any number of blocks', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 3000 }),
        fc.integer({ min: 1, max: 90 }),
        (part, times) => {
          const plain = Buffer.concat(Array.from({ length: times }, () => part));
          expect(Buffer.from(decompressLz4(compressLz4(plain), limit)).equals(plain)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('have the header of Java’s producer', () => {
    const java = readCase('lz4').bytes.subarray(61, 68);
    expect([...compressLz4(text).subarray(0, 7)]).toEqual([...java]);
  });

  it('of another library are read, with all their checksums', () => {
    const frame = compressFrameSync(text, { contentChecksum: true, blockChecksums: true });
    expect(Buffer.from(decompressLz4(frame, limit)).equals(text)).toBe(true);
  });

  it('of blocks that depend on each other are read', () => {
    expect(Buffer.from(decompressLz4(dependentFrame(), limit)).toString()).toBe(
      'abcdefghijklmnopabcdefghvwxyz',
    );
  });

  it('with any byte of a checksum changed are refused', () => {
    const frame = compressFrameSync(text, { contentChecksum: true, blockChecksums: true });
    const blockBytes = frame.readUInt32LE(7) & 0x7fff_ffff;
    for (const position of [6, 11 + blockBytes, frame.byteLength - 1]) {
      const changed = Uint8Array.from(frame);
      changed[position] = (changed[position] ?? 0) ^ 1;
      expect(thrownBy(() => decompressLz4(changed, limit))).toMatchObject(damaged);
    }
  });

  it('cut off at any length are refused', () => {
    const frame = compressLz4(Buffer.from('a small frame of some bytes, some bytes'));
    for (let length = 0; length < frame.byteLength; length++) {
      expect(thrownBy(() => decompressLz4(frame.subarray(0, length), limit))).toMatchObject(
        damaged,
      );
    }
  });

  it('may have anything after their end mark, which Java does not read', () => {
    const frame = Buffer.concat([compressLz4(text), Buffer.from('more')]);
    expect(Buffer.from(decompressLz4(frame, limit)).equals(text)).toBe(true);
  });

  it('stop at the limit, block by block or by what their blocks can hold', () => {
    // 16 stored bytes and a block of 9: its content cannot be known to be less than 9 times 255.
    expect(thrownBy(() => decompressLz4(dependentFrame(), 16 + 9 * 255))).toBeUndefined();
    expect(thrownBy(() => decompressLz4(dependentFrame(), 15 + 9 * 255))).toMatchObject({
      code: 'KOPS_REFUSED',
    });
    expect(decompressLz4(compressLz4(text), text.byteLength).byteLength).toBe(text.byteLength);
    expect(thrownBy(() => decompressLz4(compressLz4(text), text.byteLength - 1))).toMatchObject({
      code: 'KOPS_REFUSED',
    });
  });
});

describe('xxhash32', () => {
  // Vectors of the specification's own sanity test: empty input and a short text, seed 0.
  it('knows the published vectors', () => {
    expect(xxhash32(new Uint8Array())).toBe(0x02cc5d05);
    expect(xxhash32(new TextEncoder().encode('Nobody inspects the spammish repetition'))).toBe(
      0xe2293b2f,
    );
  });

  it('agrees with the checksums of another implementation at every length', () => {
    for (let length = 1; length < 80; length++) {
      const plain = Buffer.from(Array.from({ length }, (_, i) => (i * 131 + length) & 0xff));
      const frame = compressFrameSync(plain, { contentChecksum: true });
      expect(xxhash32(plain)).toBe(frame.readUInt32LE(frame.byteLength - 4));
    }
  });
});

/** A stored block, and one that copies 8 bytes from 16 before, that is from the first block, and adds 5. */
function dependentFrame(): Uint8Array {
  const descriptor = [0x40, 0x40];
  const copying = [0x04, 16, 0, 0x50, ...Buffer.from('vwxyz')];
  return Uint8Array.from([
    ...[
      0x04,
      0x22,
      0x4d,
      0x18,
      ...descriptor,
      (xxhash32(Uint8Array.from(descriptor)) >>> 8) & 0xff,
    ],
    ...[16, 0, 0, 0x80, ...Buffer.from('abcdefghijklmnop')],
    ...[copying.length, 0, 0, 0, ...copying],
    ...[0, 0, 0, 0],
  ]);
}
