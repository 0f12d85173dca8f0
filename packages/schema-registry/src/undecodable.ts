/** Why bytes were not decoded although their schema is known. */
export type UndecodableReason = 'malformed' | 'tooLarge';

/**
 * Bytes that are not what their schema says. It never leaves this package: `decode` turns it into undefined and a count, since
 * records that are no good are a matter of course for a backup.
 */
export class Undecodable extends Error {
  readonly reason: UndecodableReason;

  constructor(reason: UndecodableReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Throws for bytes that are not what their schema says. */
export function malformed(message: string): never {
  throw new Undecodable('malformed', message);
}
