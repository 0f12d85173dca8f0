import { defineIndex } from './index-definition.ts';
import { boolean, date, flattened, integer, keyword, long, object, text } from './mapping.ts';

/**
 * Records of Kafka. Field names follow ECS, and for `kafka.*` those that Elastic's own Kafka input writes.
 *
 * Headers are parallel arrays instead of nested objects: `kafka.headers` holds `name: value`, so that one term finds a header
 * by name and value, while nested objects would make each header a Lucene document of its own. Arrays keep order and
 * duplicates in the source; what is null or binary is told by the array beside.
 */
export const recordIndex = defineIndex(
  'records',
  1,
  {
    // Left out where the record has no timestamp or one that is no date; `kafka.timestamp` has the truth.
    '@timestamp': date,
    // The value as text, after masks; the JSON as the producer wrote it where there are none.
    message: text,
    kafka: object({
      topic: keyword,
      partition: integer,
      offset: long,
      timestamp: long,
      key: keyword,
      // text, base64 (the key is binary) or null
      key_encoding: keyword,
      key_hash: keyword,
      key_bytes: integer,
      // A JSON object, by its fields.
      value: flattened,
      // json, text, binary, null, withheld (masks could not be applied, so nothing is shown)
      value_format: keyword,
      value_hash: keyword,
      value_bytes: integer,
      value_schema_id: integer,
      tombstone: boolean,
      headers: keyword,
      header_names: keyword,
      // text, base64 or null, one per header; left out where all are text
      header_encodings: keyword,
      header_count: integer,
    }),
    kops: object({
      cluster: keyword,
      topic_id: keyword,
      // Short form of cluster and topic id: the first part of `_id`.
      lineage: keyword,
      // The archive and the segment that the record was read from.
      archive: keyword,
      segment: keyword,
      level: keyword,
      // What is not as the producer wrote it: key, value, headers.
      masked: keyword,
      truncated: keyword,
    }),
  },
  {
    // Value and text hold the same bytes twice, which compresses away.
    'index.codec': 'best_compression',
    'index.refresh_interval': '5s',
    'index.query.default_field': ['message', 'kafka.key', 'kafka.headers'],
  },
);
