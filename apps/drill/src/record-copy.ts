import { randomBytes } from 'node:crypto';
import type { TopicPartition } from '@kops/core';
import type { KafkaClient } from '@kops/kafka';
import { encodeBatch, recordDigest, type KafkaRecord } from '@kops/record-batch';
import type { Archive } from '@kops/repository';
import type { PlannedTopic, RestorePlan } from '@kops/restore';
import type { ComparisonSource, OffsetTranslation } from '@kops/verify';
import type { Cleanup } from './cleanup.ts';

const maxRecords = 200;
const maxBytes = 4 * 1024 * 1024;
/** Room for one record of the largest size and those before it. */
const copyMessageBytes = 64 * 1024 * 1024;

/** What copies are made of. */
export interface CopySource {
  readonly archive: Archive;
  readonly kafka: KafkaClient;
  readonly plan: RestorePlan;
  readonly prefix: string;
  readonly cleanup: Cleanup;
  readonly signal?: AbortSignal;
}

/** The first records of a restored partition, to be written to topics of their own. */
export interface RecordCopy {
  readonly kafka: KafkaClient;
  /** The archive as if the partition ended after the records. */
  readonly archive: ComparisonSource;
  readonly source: TopicPartition;
  readonly records: readonly KafkaRecord[];
  /** Index of a record that is followed by one of other content. */
  readonly pivot: number;
  readonly translate: OffsetTranslation;
  readonly signal: AbortSignal | undefined;
  /** Makes a topic of these records, in this order. */
  write(name: string, records: readonly KafkaRecord[]): Promise<TopicPartition>;
  /** A name for a group that only the self-test uses. */
  nameGroup(name: string): string;
}

/** Takes the first partition where a damage can be told: two records in a row that differ. Undefined when there is none. */
export async function copyOf(options: CopySource): Promise<RecordCopy | undefined> {
  for (const topic of options.plan.topics) {
    for (const { partition } of topic.partitions) {
      const source = { topic: topic.source, partition };
      const records = await firstRecords(options, source);
      const pivot = findPivot(records);
      if (pivot !== undefined) return makeCopy(options, topic, { source, records, pivot });
    }
  }
  return undefined;
}

async function firstRecords(
  { archive, signal }: CopySource,
  source: TopicPartition,
): Promise<KafkaRecord[]> {
  const records: KafkaRecord[] = [];
  let bytes = 0;
  const stop = signal === undefined ? {} : { signal };
  for await (const record of archive.readRecords({ ...source, ...stop })) {
    records.push(copyRecord(record));
    bytes += (record.key?.byteLength ?? 0) + (record.value?.byteLength ?? 0);
    if (records.length >= maxRecords || bytes >= maxBytes) break;
  }
  return records;
}

/** The archive's records are views of memory that the next one overwrites. */
function copyRecord({ key, value, headers, ...rest }: KafkaRecord): KafkaRecord {
  const copy = (bytes: Uint8Array | null): Uint8Array | null =>
    bytes === null ? null : Uint8Array.from(bytes);
  return {
    ...rest,
    key: copy(key),
    value: copy(value),
    headers: headers.map((header) => ({ ...header, value: copy(header.value) })),
  };
}

/** In the middle if possible: what is at an edge is found by other means too. */
function findPivot(records: readonly KafkaRecord[]): number | undefined {
  const digests = records.map((record) => recordDigest(record));
  const fits = (index: number): boolean =>
    index + 1 < digests.length && digests[index] !== digests[index + 1];
  const middle = Math.floor(records.length / 2);
  for (let index = middle; index < records.length; index++) if (fits(index)) return index;
  for (let index = 0; index < middle; index++) if (fits(index)) return index;
  return undefined;
}

function makeCopy(
  options: CopySource,
  topic: PlannedTopic,
  chosen: Pick<RecordCopy, 'source' | 'records' | 'pivot'>,
): RecordCopy {
  const { archive, kafka, prefix, cleanup, signal } = options;
  const { records } = chosen;
  const end = (records.at(-1)?.offset ?? -1n) + 1n;
  const run = `${prefix}kops-self-test-${randomBytes(4).toString('hex')}`;
  const nameOf = (name: string): string => `${run}-${name.replace(' ', '-')}`;
  return {
    ...chosen,
    kafka,
    signal,
    archive: {
      manifest: archive.manifest,
      partition: (name, partition) => ({ ...archive.partition(name, partition), cut: end }),
      readRuns: (range) => archive.readRuns(range),
      scanTransactions: (at, stop) => archive.scanTransactions(at, stop),
    },
    translate: translation(records),
    write: (name, changed) => writeCopy(nameOf(name), { kafka, topic, cleanup }, changed),
    nameGroup: (name) => {
      const group = nameOf(name);
      cleanup.addGroups([group]);
      return group;
    },
  };
}

/** A copy begins at offset 0 and has no holes. */
function translation(records: readonly KafkaRecord[]): OffsetTranslation {
  const offsets = records.map(({ offset }) => offset);
  return (offset) => {
    const index = offsets.findIndex((candidate) => candidate >= offset);
    return BigInt(index < 0 ? offsets.length : index);
  };
}

async function writeCopy(
  name: string,
  { kafka, topic, cleanup }: { kafka: KafkaClient; topic: PlannedTopic; cleanup: Cleanup },
  records: readonly KafkaRecord[],
): Promise<TopicPartition> {
  cleanup.addTopics([name]);
  await kafka.createTopics([
    {
      name,
      partitions: 1,
      replicationFactor: 1,
      configs: {
        ...topic.fillConfigs,
        'max.message.bytes': String(copyMessageBytes),
        'min.insync.replicas': '1',
      },
    },
  ]);
  const batch = encodeBatch(
    records.map((record, index) => ({ ...record, offset: BigInt(index) })),
    { codec: 'none', timestampType: 'CreateTime', contiguous: true },
  );
  const at = { topic: name, partition: 0 };
  await kafka.produce({ ...at, batch });
  return at;
}
