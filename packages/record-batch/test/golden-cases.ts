import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import type { KafkaRecord, RecordHeader } from '../src/index.ts';

const folder = new URL('../testdata/v1/', import.meta.url);

/** Hex, or of large content its length and SHA-256. */
type Content = string | { readonly length: number; readonly sha256: string } | null;

interface ExpectedRecord {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Content;
  readonly value: Content;
  readonly headers: readonly { readonly key: string; readonly value: Content }[];
}

/** What Kafka's own classes read from the bytes of a case. */
export interface ExpectedBatch {
  readonly baseOffset: string;
  readonly lastOffset: string;
  readonly nextOffset: string;
  readonly sizeInBytes: number;
  readonly partitionLeaderEpoch: number;
  readonly magic: number;
  readonly crc: number;
  readonly codec: string;
  readonly timestampType: string;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
  readonly deleteHorizonMs: string | null;
  readonly baseTimestamp: string;
  readonly maxTimestamp: string;
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
  readonly control?: { readonly type: string; readonly coordinatorEpoch: number };
  readonly records: readonly ExpectedRecord[];
}

/** Names of all captured cases; `legacy` are those of magic 0 and 1. */
export function caseNames(kind: 'current' | 'legacy'): string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith('legacy-') === (kind === 'legacy'))
    .sort();
}

export function readCase(name: string): {
  readonly bytes: Uint8Array;
  readonly expected: ExpectedBatch;
} {
  return {
    bytes: new Uint8Array(readFileSync(new URL(`${name}/batch.bin`, folder))),
    expected: JSON.parse(
      readFileSync(new URL(`${name}/expected.json`, folder), 'utf8'),
    ) as ExpectedBatch,
  };
}

/** A decoded record in the form of `expected.json`. */
export function describeRecord(record: KafkaRecord): ExpectedRecord {
  return {
    offset: record.offset.toString(),
    timestamp: record.timestamp.toString(),
    key: describeContent(record.key),
    value: describeContent(record.value),
    headers: record.headers.map(({ key, value }: RecordHeader) => ({
      key,
      value: describeContent(value),
    })),
  };
}

function describeContent(bytes: Uint8Array | null): Content {
  if (bytes === null) return null;
  if (bytes.byteLength <= 512) return Buffer.from(bytes).toString('hex');
  return { length: bytes.byteLength, sha256: createHash('sha256').update(bytes).digest('hex') };
}
