import type { RecordHeader } from '@kops/record-batch';
import { keywordCharacters } from '../indices/mapping.ts';
import type { Hasher } from '../policy/keyed-hash.ts';
import { replaceMasked } from '../policy/mask-json.ts';
import type { RecordMasks } from '../policy/mask-rule.ts';
import { asBuffer, cutText, cutUtf8, isText } from './utf8.ts';

/** Headers of a record that are indexed at most. */
export const maxHeaders = 500;

/** Fields of a record's headers. The arrays are parallel: order and duplicates are those of the record. */
export interface HeaderFields {
  header_count: number;
  header_names?: string[];
  /** `name: value`; the name alone where the value is null. */
  headers?: string[];
  header_encodings?: string[];
}

/** Headers as far as they are shown. */
export interface ReadableHeaders {
  readonly fields: HeaderFields;
  readonly isMasked: boolean;
  readonly isCut: boolean;
}

type Encoding = 'text' | 'base64' | 'null';

/**
 * Headers as fields; `withValues` false leaves their names only. A dropped header leaves no trace but the count.
 */
export function readHeaders(
  headers: readonly RecordHeader[],
  masks: RecordMasks,
  hasher: Hasher,
  withValues: boolean,
): ReadableHeaders {
  const names: string[] = [];
  const entries: string[] = [];
  const encodings: Encoding[] = [];
  let isMasked = false;
  let isCut = headers.length > maxHeaders;
  for (const { key, value } of isCut ? headers.slice(0, maxHeaders) : headers) {
    const action = masks.headerAction(key);
    if (action !== undefined) isMasked = true;
    if (action === 'drop') continue;
    const name = cutText(key, keywordCharacters);
    if (name !== key) isCut = true;
    names.push(name);
    if (!withValues) continue;
    const shown =
      action === undefined || value === null
        ? encode(value)
        : {
            text: replaceMasked(action, () => hasher.hash(value)) ?? '',
            encoding: 'text' as const,
          };
    const entry = shown.encoding === 'null' ? name : `${name}: ${shown.text}`;
    const kept = cutText(entry, keywordCharacters);
    if (kept !== entry || (value !== null && value.byteLength > keywordCharacters)) isCut = true;
    entries.push(kept);
    encodings.push(shown.encoding);
  }
  return {
    fields: {
      header_count: headers.length,
      ...(names.length === 0 ? {} : { header_names: names }),
      ...(entries.length === 0 ? {} : { headers: entries }),
      ...(encodings.every((encoding) => encoding === 'text')
        ? {}
        : { header_encodings: encodings }),
    },
    isMasked,
    isCut,
  };
}

function encode(value: Uint8Array | null): { text: string; encoding: Encoding } {
  if (value === null) return { text: '', encoding: 'null' };
  // More than this is cut off below anyway.
  const head = cutUtf8(value, keywordCharacters);
  return isText(head)
    ? { text: asBuffer(head).toString('utf8'), encoding: 'text' }
    : { text: asBuffer(head).toString('base64'), encoding: 'base64' };
}
