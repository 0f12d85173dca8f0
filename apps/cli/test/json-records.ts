import { z } from 'zod';
import { count, exited, failure, object, offset, text, texts, time } from './json-kinds.ts';

const shown = z.union([object({ text }), object({ base64: text })]).nullable();
const record = object({
  offset,
  timestamp: time,
  key: shown,
  value: shown,
  headers: z.array(object({ value: shown })),
});

/** `kops cat`. */
export const cat = object({
  archive: text,
  topic: text,
  partition: count,
  logStart: offset,
  cut: offset,
  records: z.array(record),
  error: exited.optional(),
});

/** `kops grep`. */
export const grep = object({
  archive: text,
  records: z.array(record.extend({ topic: text, partition: count })),
  scanned: count.optional(),
  damaged: z.array(failure).optional(),
  error: exited.optional(),
});

/** `kops export --output`. */
export const exported = object({
  archive: text,
  topics: texts,
  documents: count,
  cut: count,
  output: text,
});

/** `kops search`. */
export const search = object({
  total: count,
  isTotalExact: z.boolean(),
  hits: z.array(
    object({
      cluster: text,
      topicId: text,
      topic: text,
      partition: count,
      offset,
      timestamp: time,
      lineage: text,
      archive: text,
      segment: text,
      // The document as the catalog has it; its numbers are numbers.
      fields: z.record(text, z.unknown()),
    }),
  ),
  next: text.nullable(),
});
