import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { KopsError } from '@kops/core';
import type { CompressionCodec } from './batch-layout.ts';
import { corruptBatch } from './batch-errors.ts';
import { BoundedOutput, exceedsLimit } from './decompression-limit.ts';
import { compressLz4, decompressLz4 } from './lz4-frame.ts';
import { compressSnappy, decompressSnappy } from './snappy-xerial.ts';
import type { RecordBatchView } from './record-batch-view.ts';

/** What decoding untrusted batches may cost. */
export interface DecodeLimits {
  /** Most bytes that the records of one batch may take in memory once decompressed. */
  readonly maxDecompressedBytes: number;
}

/** 256 MiB: far above any `max.message.bytes` in use, far below what a compressed bomb unpacks to. */
export const defaultDecodeLimits: DecodeLimits = { maxDecompressedBytes: 256 * 1024 * 1024 };

/** Compresses a records section as Kafka's Java producer frames it, at each library's default level. */
export function compress(codec: CompressionCodec, plain: Uint8Array): Uint8Array {
  switch (codec) {
    case 'none':
      return plain;
    case 'gzip':
      return gzipSync(plain);
    case 'snappy':
      return compressSnappy(plain);
    case 'lz4':
      return compressLz4(plain);
    case 'zstd':
      return zstdCompressSync(plain);
  }
}

/**
 * The records section of a batch in plain; the batch's own bytes if it is not compressed.
 * @throws KOPS_BATCH_CORRUPT when the codec's library refuses the bytes
 * @throws KOPS_REFUSED when it would pass the limit
 */
export function decompressPayload(view: RecordBatchView, limits: DecodeLimits): Uint8Array {
  const { codec, payload } = view;
  // Nothing is no valid frame of any codec, yet a batch without records needs none.
  if (codec === 'none' || payload.byteLength === 0) return payload;
  try {
    const plain = decompress(codec, payload, limits.maxDecompressedBytes);
    // Plain arrays, whatever the codec: a Buffer's slice() would share memory where a Uint8Array's copies.
    return new Uint8Array(plain.buffer, plain.byteOffset, plain.byteLength);
  } catch (cause) {
    const at = { offset: view.baseOffset };
    if (KopsError.is(cause)) throw KopsError.locate(cause, at);
    throw corruptBatch(`records cannot be decompressed (${codec})`, at, cause);
  }
}

function decompress(
  codec: Exclude<CompressionCodec, 'none'>,
  bytes: Uint8Array,
  maxBytes: number,
): Uint8Array {
  switch (codec) {
    case 'gzip':
      return withinLimit(maxBytes, () => gunzipSync(bytes, { maxOutputLength: maxBytes }));
    case 'snappy':
      return decompressSnappy(bytes, maxBytes);
    case 'lz4':
      return decompressLz4(bytes, maxBytes);
    case 'zstd':
      return decompressZstd(bytes, maxBytes);
  }
}

function decompressZstd(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const output = new BoundedOutput(maxBytes);
  let position = 0;
  do {
    const { buffer, consumed } = decompressZstdFrame(
      bytes.subarray(position),
      output.room,
      maxBytes,
    );
    output.append(buffer);
    position += consumed;
  } while (position < bytes.byteLength);
  return output.join();
}

/** Node stops after the first frame; Java goes on, so the position matters. */
function decompressZstdFrame(bytes: Uint8Array, room: number, maxBytes: number) {
  return withinLimit(maxBytes, () => {
    const result = zstdDecompressSync(bytes, {
      maxOutputLength: Math.max(room, 1),
      info: true,
    }) as unknown as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    const consumed = result.engine.bytesWritten;
    if (consumed <= 0) throw corruptBatch('zstd frame without content');
    return { buffer: result.buffer, consumed };
  });
}

function withinLimit<T>(maxBytes: number, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw exceedsLimit(maxBytes);
    throw error;
  }
}
