import { KopsError, type Offset } from '@kops/core';
import { splitBatches } from '@kops/record-batch';

/** Base offset, length, leader epoch, magic: so much of a batch is enough to know that there is one. */
export const headBytes = 17;

/**
 * Whether fetched bytes, which begin before a position, go on with a batch in [position, end), be it whole or not. A broker that is asked for the
 * position itself passes over a batch whose length is damaged and answers with nothing, as for a hole.
 */
export function hasBytesBehind(fetched: Uint8Array, position: Offset, end: Offset): boolean {
  let consumed = 0;
  try {
    for (const { baseOffset, sizeInBytes } of splitBatches(fetched)) {
      if (baseOffset >= position) return baseOffset < end;
      consumed += sizeInBytes;
    }
  } catch (error) {
    if (KopsError.is(error)) return true;
    throw error;
  }
  const rest = fetched.subarray(consumed);
  if (rest.length < headBytes) return false;
  const baseOffset = new DataView(rest.buffer, rest.byteOffset, headBytes).getBigInt64(0);
  return baseOffset >= position && baseOffset < end;
}
