import { unzigzag, type ByteCursor } from '../byte-cursor.ts';
import { malformed } from '../undecodable.ts';

/** Messages in messages at most. */
const maxPath = 100;

/*
 * message indexes => count: zigzag varint, [index: zigzag varint]
 * The place of the message among those of the file, then among those of that message, and so on. The usual [0] is a single 0.
 */

/** Reads which message of the schema follows. */
export function readMessagePath(cursor: ByteCursor): number[] {
  const count = unzigzag(cursor.varint());
  if (count === 0) return [0];
  if (typeof count === 'bigint' || count < 0 || count > maxPath)
    malformed('a path of messages that cannot be');
  return Array.from({ length: count }, () => {
    const index = unzigzag(cursor.varint());
    return typeof index === 'number' && index >= 0
      ? index
      : malformed('a message before the first');
  });
}
