import { createHmac, hash as hashOnce } from 'node:crypto';

/**
 * Hashes of what is not shown itself, as 64 hex digits.
 *
 * With a key it is HMAC-SHA-256, without one SHA-256. The plain hash of a card number is found by trying all card numbers;
 * the keyed one only by who has the key. So masks that hash are refused without a key.
 */
export interface Hasher {
  readonly isKeyed: boolean;
  hash(bytes: Uint8Array | string): string;
}

/** A hasher; `key` is the text of `catalog.hashKey`. */
export function createHasher(key?: string): Hasher {
  return key === undefined
    ? { isKeyed: false, hash: (bytes) => hashOnce('sha256', bytes, 'hex') }
    : { isKeyed: true, hash: (bytes) => createHmac('sha256', key).update(bytes).digest('hex') };
}
