import { KopsError, isErrorCode, type Coordinates } from '@kops/core';
import type { Error as WireError } from '@kops/proto/error';

/** Longest texts on the wire: an error travels in HTTP/2 trailers, which peers limit to 16 KiB and less. */
const maxTextLength = 1024;

const textCoordinates = [
  'repository',
  'archive',
  'topic',
  'segment',
  'group',
  'broker',
  'object',
] as const satisfies readonly (keyof Coordinates)[];

function shorten(text: string): string {
  const bounded = text.length <= maxTextLength ? text : `${text.slice(0, maxTextLength - 1)}…`;
  return bounded.toWellFormed();
}

/** What of an error goes to the peer: code, message, hint and coordinates; never its stack or cause. */
export function toWireError(error: KopsError): WireError {
  const at: Record<string, string> = {};
  for (const [name, value] of Object.entries(error.at) as [
    string,
    string | number | bigint | undefined,
  ][]) {
    if (value !== undefined) at[name] = shorten(String(value));
  }
  return { code: error.code, message: shorten(error.message), hint: shorten(error.hint ?? ''), at };
}

/** The error that a peer sent; a code that this version does not know becomes KOPS_UNEXPECTED and is named in the message. */
export function fromWireError(wire: WireError): KopsError {
  const options = {
    at: readCoordinates(wire.at),
    ...(wire.hint === '' ? {} : { hint: wire.hint }),
  };
  return isErrorCode(wire.code)
    ? new KopsError(wire.code, wire.message, options)
    : new KopsError('KOPS_UNEXPECTED', `${wire.message} (${wire.code || 'no code'})`, options);
}

function readCoordinates(wire: Readonly<Record<string, string>>): Coordinates {
  const at: { -readonly [Name in keyof Coordinates]: Coordinates[Name] } = {};
  for (const name of textCoordinates) {
    const value = wire[name];
    if (value !== undefined) at[name] = value;
  }
  const { partition, offset } = wire;
  if (partition !== undefined && /^-?\d{1,10}$/.test(partition)) at.partition = Number(partition);
  if (offset !== undefined && /^-?\d{1,19}$/.test(offset)) at.offset = BigInt(offset);
  return at;
}
