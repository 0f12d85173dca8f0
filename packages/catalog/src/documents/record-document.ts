import type { KafkaRecord } from '@kops/record-batch';
import { keywordCharacters } from '../indices/mapping.ts';
import type { Hasher } from '../policy/keyed-hash.ts';
import type { RecordPolicy } from '../policy/record-policy.ts';
import { longValue } from './exact-json.ts';
import { makeFlattenable } from './flattenable.ts';
import { readPart, type ReadablePart } from './readable-part.ts';
import { readHeaders } from './record-headers.ts';
import { lineageId, recordId } from './record-id.ts';
import type { DecodedRecord, RecordSource } from './record-source.ts';
import { asBuffer } from './utf8.ts';

/** Fields of a document. Numbers beyond 2^53 are written with all digits by `JSON.stringify`. */
export type DocumentFields = Readonly<Record<string, unknown>>;

/** The document of one record. */
export interface RecordDocument {
  readonly id: string;
  readonly fields: DocumentFields;
}

/** Makes documents of the records of one partition; undefined where the policy says that there are none. */
export type RecordDocumenter = (
  record: KafkaRecord,
  decoded?: DecodedRecord,
) => RecordDocument | undefined;

interface Builder {
  readonly kafka: Record<string, unknown>;
  readonly masked: string[];
  readonly truncated: string[];
  message: string | undefined;
}

/**
 * Prepares the documents of a partition's records. The result is deterministic: the same record, source and policy make the
 * same document. Masks are applied here, so what is masked is in nothing that leaves the process.
 */
export function documentRecords(
  source: RecordSource,
  policy: RecordPolicy,
  hasher: Hasher,
): RecordDocumenter {
  const { level } = policy;
  if (level === 'none') return () => undefined;
  const lineage = lineageId(source.cluster, source.topicId);
  const origin = {
    cluster: source.cluster,
    topic_id: source.topicId,
    lineage,
    archive: source.archive,
    segment: source.segment,
    level,
  };
  return (record, decoded) => {
    const builder: Builder = {
      kafka: {
        topic: source.topic,
        partition: source.partition,
        offset: longValue(record.offset),
        timestamp: longValue(record.timestamp),
      },
      masked: [],
      truncated: [],
      message: undefined,
    };
    addKey(builder, record.key, policy, hasher, decoded);
    addHeaders(builder, record, policy, hasher);
    addValue(builder, record.value, policy, hasher, decoded);
    const { kafka, masked, truncated, message } = builder;
    const time = dateOf(record.timestamp);
    const fields: DocumentFields = {
      ...(time === undefined ? {} : { '@timestamp': time }),
      ...(message === undefined ? {} : { message }),
      kafka,
      kops:
        masked.length + truncated.length === 0
          ? origin
          : {
              ...origin,
              ...(masked.length === 0 ? {} : { masked }),
              ...(truncated.length === 0 ? {} : { truncated }),
            },
    };
    return { id: recordId(lineage, source.partition, record.offset), fields };
  };
}

/** Bytes of a binary key that are shown: base64 of these is just short enough to be indexed. */
const maxBinaryKeyBytes = Math.floor(keywordCharacters / 4) * 3;

/** End of the year 9999: later is no date in any notation. */
const lastDate = 253_402_300_799_999n;

/** ECS `@timestamp` of a time in ms: undefined without one (-1), and for what is no date. */
export function dateOf(timestamp: bigint): string | undefined {
  if (timestamp < 0n || timestamp > lastDate) return undefined;
  return new Date(Number(timestamp)).toISOString();
}

function addKey(
  { kafka, masked, truncated }: Builder,
  key: Uint8Array | null,
  { level, masks }: RecordPolicy,
  hasher: Hasher,
  decoded: DecodedRecord | undefined,
): void {
  if (key === null) {
    kafka['key_encoding'] = 'null';
    return;
  }
  kafka['key_bytes'] = key.byteLength;
  const isMasked = masks.key.whole !== undefined || masks.key.paths.length > 0;
  // A mask that hashes gives the same hash; any other leaves none, since a hash of what may be guessed says what it was.
  if (!isMasked || masks.key.whole === 'hash') kafka['key_hash'] = hasher.hash(key);
  if (isMasked) masked.push('key');
  if (level === 'metadata') return;
  const part = readPart(key, {
    masks: masks.key,
    hasher,
    maxBytes: keywordCharacters,
    decoded: decoded?.key,
  });
  if (part.form === 'binary') {
    kafka['key'] = asBuffer(key.subarray(0, maxBinaryKeyBytes)).toString('base64');
    kafka['key_encoding'] = 'base64';
    if (key.byteLength > maxBinaryKeyBytes) truncated.push('key');
    return;
  }
  if (part.text === undefined) return;
  kafka['key'] = part.text;
  kafka['key_encoding'] = 'text';
  if (part.isCut) truncated.push('key');
}

function addHeaders(
  { kafka, masked, truncated }: Builder,
  { headers }: KafkaRecord,
  { level, masks }: RecordPolicy,
  hasher: Hasher,
): void {
  if (level === 'metadata' || headers.length === 0) {
    kafka['header_count'] = headers.length;
    return;
  }
  const readable = readHeaders(headers, masks, hasher, level === 'full');
  Object.assign(kafka, readable.fields);
  if (readable.isMasked) masked.push('headers');
  if (readable.isCut) truncated.push('headers');
}

function addValue(
  builder: Builder,
  value: Uint8Array | null,
  { level, masks, maxValueBytes }: RecordPolicy,
  hasher: Hasher,
  decoded: DecodedRecord | undefined,
): void {
  const { kafka, masked } = builder;
  if (value === null) {
    kafka['tombstone'] = true;
    if (level === 'full') kafka['value_format'] = 'null';
    return;
  }
  kafka['value_bytes'] = value.byteLength;
  if (level !== 'full') return;
  const part = readPart(value, {
    masks: masks.value,
    hasher,
    maxBytes: maxValueBytes,
    decoded: decoded?.value,
  });
  if (part.isMasked) masked.push('value');
  if (decoded?.value !== undefined) kafka['value_schema_id'] = decoded.value.schemaId;
  kafka['value_format'] = part.form === 'json' ? (decoded?.value?.format ?? 'json') : part.form;
  if (part.form === 'binary' || part.form === 'hashed')
    kafka['value_hash'] = part.hash ?? hasher.hash(value);
  addText(builder, part);
}

function addText(builder: Builder, part: ReadablePart): void {
  const { kafka, truncated } = builder;
  if (part.text !== undefined) builder.message = part.text;
  const flattenable = part.object === undefined ? undefined : makeFlattenable(part.object);
  if (flattenable !== undefined) kafka['value'] = flattenable.value;
  if (part.isCut || flattenable?.isCut === true) truncated.push('value');
}
