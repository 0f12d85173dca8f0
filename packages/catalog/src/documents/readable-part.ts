import type { Hasher } from '../policy/keyed-hash.ts';
import { maskJson } from '../policy/mask-json.ts';
import { redactedText, type PartMasks } from '../policy/mask-rule.ts';
import { parseKeepingDigits } from './exact-json.ts';
import type { DecodedValue } from './record-source.ts';
import { asBuffer, cutText, cutUtf8, isText } from './utf8.ts';

/** Larger keys and values are not parsed to be masked, but withheld. */
const maxParsedBytes = 16 * 1024 * 1024;

/** A key or a value as far as its policy shows it. */
export interface ReadablePart {
  /**
   * `withheld`: masks of fields could not be applied, so nothing is shown. `dropped` and `hashed`: by a mask of the whole.
   * The others are the part's own format.
   */
  readonly form: 'json' | 'text' | 'binary' | 'withheld' | 'dropped' | 'hashed';
  /** What may be shown, cut to the limit; only of JSON and text. */
  readonly text?: string;
  /** What may be shown of a JSON object, never cut. */
  readonly object?: Readonly<Record<string, unknown>>;
  /** Hash of the whole, keyed. Only if hashed. */
  readonly hash?: string;
  readonly isMasked: boolean;
  readonly isCut: boolean;
}

/** What is needed to read a part. */
export interface ReadOptions {
  readonly masks: PartMasks;
  readonly hasher: Hasher;
  /** Bytes of text at most. */
  readonly maxBytes: number;
  readonly decoded?: DecodedValue | undefined;
}

const nothing = (form: ReadablePart['form']): ReadablePart => ({
  form,
  isMasked: true,
  isCut: false,
});

/** Reads a key or a value: what it is, and what of it may be shown. */
export function readPart(bytes: Uint8Array, options: ReadOptions): ReadablePart {
  const { masks, hasher } = options;
  if (masks.whole === 'drop') return nothing('dropped');
  if (masks.whole === 'hash') return { ...nothing('hashed'), hash: hasher.hash(bytes) };
  if (masks.whole === 'redact') return { ...nothing('text'), text: redactedText };
  return masks.paths.length > 0 ? readMasked(bytes, options) : readPlain(bytes, options);
}

function readPlain(bytes: Uint8Array, { maxBytes, decoded }: ReadOptions): ReadablePart {
  if (decoded !== undefined) {
    const isCut = Buffer.byteLength(decoded.json) > maxBytes;
    return {
      form: 'json',
      text: cutText(decoded.json, maxBytes),
      ...(isCut ? {} : objectOf(decoded.json)),
      isMasked: false,
      isCut,
    };
  }
  if (!isText(bytes)) return { form: 'binary', isMasked: false, isCut: false };
  const isCut = bytes.byteLength > maxBytes;
  const text = asBuffer(cutUtf8(bytes, maxBytes)).toString('utf8');
  // Half of a JSON text is a text.
  if (isCut || !mayBeJson(bytes)) return { form: 'text', text, isMasked: false, isCut };
  const parsed = parseJson(text);
  const form = parsed === undefined ? 'text' : 'json';
  return { form, text, ...asObject(parsed?.value), isMasked: false, isCut };
}

function readMasked(bytes: Uint8Array, options: ReadOptions): ReadablePart {
  const { masks, hasher, maxBytes, decoded } = options;
  if (decoded === undefined && (bytes.byteLength > maxParsedBytes || !isText(bytes)))
    return nothing('withheld');
  const parsed = parseJson(decoded?.json ?? asBuffer(bytes).toString('utf8'));
  // A text or a number has no fields to be masked, but may hold what they hold.
  if (typeof parsed?.value !== 'object' || parsed.value === null) return nothing('withheld');
  const masked = maskJson(parsed.value, masks.paths, hasher);
  if (masked === undefined) return nothing('withheld');
  const json = JSON.stringify(masked.value);
  const isCut = Buffer.byteLength(json) > maxBytes;
  return {
    form: 'json',
    text: cutText(json, maxBytes).toWellFormed(),
    ...(isCut ? {} : asObject(masked.value)),
    isMasked: true,
    isCut,
  };
}

/** First bytes of JSON that is worth parsing: objects and arrays, after white space. */
function mayBeJson(bytes: Uint8Array): boolean {
  for (const byte of bytes) {
    if (byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d) continue;
    return byte === 0x7b || byte === 0x5b;
  }
  return false;
}

/** The value of a JSON text; undefined where it is none, or nested deeper than the stack. */
function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: parseKeepingDigits(text) };
  } catch {
    return undefined;
  }
}

function objectOf(json: string): Pick<ReadablePart, 'object'> {
  return asObject(parseJson(json)?.value);
}

function asObject(value: unknown): Pick<ReadablePart, 'object'> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? { object: value as Readonly<Record<string, unknown>> }
    : {};
}
