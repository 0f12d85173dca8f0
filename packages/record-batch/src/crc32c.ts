import { crc32c as castagnoli } from '@node-rs/crc32';

/**
 * CRC-32C (Castagnoli) as unsigned 32-bit number.
 * @param initial the CRC of the bytes before these, to continue over several parts
 */
export function crc32c(bytes: Uint8Array, initial = 0): number {
  return castagnoli(bytes, initial);
}
