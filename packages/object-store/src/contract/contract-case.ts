import { expect } from 'vitest';
import { KopsError, type ErrorCode } from '@kops/core';
import type { ObjectInfo, ObjectStore } from '../port.ts';

/** One promise of the port and what shows that a store keeps it. */
export interface ContractCase {
  /** Completes "it …". */
  readonly name: string;
  /** Fails unless the (empty) store keeps the promise. */
  run(store: ObjectStore): Promise<void>;
}

const encoder = new TextEncoder();

/** Bytes of a text. */
export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Bytes in which every position can be told from its neighbours, also across pieces of round sizes. */
export function patternOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) & 0xff);
}

/** All that a listing yields. */
export async function collect(listing: AsyncIterable<ObjectInfo>): Promise<ObjectInfo[]> {
  const infos: ObjectInfo[] = [];
  for await (const info of listing) infos.push(info);
  return infos;
}

/** The keys that a listing yields, in its order. */
export async function keysOf(listing: AsyncIterable<ObjectInfo>): Promise<string[]> {
  return (await collect(listing)).map(({ key }) => key);
}

/** The pieces of a stream, copied: the store may reuse their memory. */
export async function piecesOf(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece.slice());
  return pieces;
}

/** What a stream yields, in one. */
export async function contentOf(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return Uint8Array.from((await piecesOf(stream)).flatMap((piece) => [...piece]));
}

/** Bytes as a plain array of numbers' worth of comparison: Buffer and Uint8Array with equal bytes are equal. */
export function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(Buffer.from(actual).toString('hex')).toBe(Buffer.from(expected).toString('hex'));
}

/** Fails unless the work rejects with the code, naming the object, and says what to do next. */
export async function expectRefusal(
  work: Promise<unknown>,
  code: ErrorCode,
  key?: string,
): Promise<void> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(KopsError.is(error) ? error.code : error).toBe(code);
  if (!KopsError.is(error)) return;
  if (key !== undefined) expect(error.at.object).toBe(key);
  expect(error.hint ?? '').not.toBe('');
}
