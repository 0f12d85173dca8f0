import { createHash } from 'node:crypto';
import { JsonDamage, toCanonicalBytes } from './canonical-json.ts';

/** Field of a document that no other document refers to: SHA-256 of its canonical bytes without this field, in every format version. */
const field = 'sha256';

/** Canonical bytes of a document that says its own SHA-256. The same value always gives the same bytes. */
export function toSealedBytes(value: Readonly<Record<string, unknown>>): Uint8Array {
  const { [field]: _, ...rest } = value;
  const sha256 = createHash('sha256').update(toCanonicalBytes(rest)).digest('hex');
  return toCanonicalBytes({ ...rest, [field]: sha256 });
}

/** Whether a document says its own SHA-256. */
export function isSealed(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && Object.hasOwn(json, field);
}

/**
 * The document without its checksum. It is compared byte for byte with what would be written for it, so that white space, too, is as it was.
 * @throws JsonDamage
 */
export function openSealed(json: Record<string, unknown>, bytes: Uint8Array): unknown {
  const { [field]: _, ...rest } = json;
  if (Buffer.compare(toSealedBytes(rest), bytes) === 0) return rest;
  throw new JsonDamage('does not match its own checksum (SHA-256)');
}
