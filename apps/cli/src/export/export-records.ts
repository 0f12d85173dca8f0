import {
  createHasher,
  documentRecords,
  recordsAlias,
  type RecordDocument,
  type RecordPolicy,
} from '@kops/catalog';
import { throwIfAborted } from '@kops/core';
import type { RecordDecoder } from '@kops/indexer';
import type { KafkaRecord } from '@kops/record-batch';
import type { Archive } from '@kops/repository';
import type { TextOutput } from '../output/text-output.ts';
import {
  bytesBefore,
  readSegment,
  scannedPartitions,
  segmentsOf,
  type ScannedPartition,
  type ScannedSegment,
  type ScanRequest,
} from '../records/scan-segments.ts';

/** How records become documents. */
export interface ExportSettings {
  readonly policyOf: (topic: string) => RecordPolicy;
  readonly hashKey: string | undefined;
  /** What names of indices begin with. */
  readonly prefix: string;
  /** Decodes what a schema registry's serializers wrote. */
  readonly decoder: RecordDecoder | undefined;
}

/** What an export wrote. */
export interface ExportCounts {
  readonly documents: number;
  /** Documents that lack a part of their record for its size. */
  readonly cut: number;
}

/** How far an export is. */
export interface ExportProgress {
  readonly at: ScannedPartition;
  readonly documents: number;
  /** Bytes that are done, and all. */
  readonly done: bigint;
  readonly total: bigint;
}

/**
 * Writes a document a line for each record that a consumer sees: the document that the indexer writes, with `_id` and `_index`
 * before its fields. Reads no faster than the output is taken; ends when nobody takes it.
 */
export async function exportRecords(
  archive: Archive,
  request: ScanRequest,
  settings: ExportSettings,
  output: TextOutput,
  onProgress: (progress: ExportProgress) => void,
  signal: AbortSignal,
): Promise<ExportCounts> {
  const partitions = scannedPartitions(archive, request);
  const total = partitions.reduce((sum, { bytes }) => sum + bytes, 0n);
  let done = 0n;
  let documents = 0;
  let cut = 0;
  for (const at of partitions) {
    const lines = linesOf(archive, at, settings);
    for (const part of await segmentsOf(archive, at, request)) {
      const lineOf = lines(part);
      for await (const run of readSegment(archive, part, request, signal)) {
        let offset = part.segment.slice.start;
        for (const record of run) {
          ({ offset } = record);
          const made = lineOf(record);
          const document = made instanceof Promise ? await made : made;
          if (document === undefined) continue;
          documents++;
          if (document.isCut) cut++;
          if (output.add(document.line)) {
            await output.flush();
            // A run of records that compress well is long.
            throwIfAborted(signal);
          }
          if (output.isGone) return { documents, cut };
        }
        onProgress({ at, documents, done: done + bytesBefore(at, offset), total });
      }
    }
    done += at.bytes;
  }
  return { documents, cut };
}

interface DocumentLine {
  readonly line: string;
  readonly isCut: boolean;
}

type LineOf = (record: KafkaRecord) => DocumentLine | undefined | Promise<DocumentLine | undefined>;

/** Makes the function that makes lines of a segment's records. */
function linesOf(
  archive: Archive,
  { topic, partition, topicId }: ScannedPartition,
  { policyOf, hashKey, prefix, decoder }: ExportSettings,
): (part: ScannedSegment) => LineOf {
  const policy = policyOf(topic);
  const hasher = createHasher(hashKey);
  const index = JSON.stringify(recordsAlias(topic, prefix));
  const line = (document: RecordDocument | undefined): DocumentLine | undefined =>
    document && {
      // The fields follow in the same object.
      line: `{"_id":${JSON.stringify(document.id)},"_index":${index},${JSON.stringify(document.fields).slice(1)}\n`,
      isCut: 'truncated' in (document.fields['kops'] as object),
    };
  return ({ segment }) => {
    const source = { cluster: archive.manifest.cluster.id, topicId, topic, partition };
    const documentOf = documentRecords(
      { ...source, archive: archive.ref.archive, segment: segment.key },
      policy,
      hasher,
    );
    return (record) => {
      const decoding =
        policy.level === 'metadata' ? undefined : decoder?.decode(record.key, record.value);
      return decoding === undefined
        ? line(documentOf(record))
        : decoding.then((decoded) => line(documentOf(record, decoded)));
    };
  };
}
