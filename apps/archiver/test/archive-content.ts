import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openFileStore } from '@kops/object-store/file';
import { openArchive, openRepository, type Archive } from '@kops/repository';
import { decodeRecords } from '@kops/record-batch';
import {
  assertSameRecords,
  readWithJava,
  toBase64,
  type KafkaCluster,
  type OracleRecord,
} from '@kops/testkit';

/** Opens an archive of a repository folder. */
export async function openArchiveIn(
  folder: string,
  id = 'latest',
  topics: readonly string[] = [],
): Promise<Archive> {
  return openArchive(await openRepository(await openFileStore(folder)), id, { topics });
}

/** All records that an archive shows of topics, as a foreign client would see them. */
export async function archivedRecords(
  archive: Archive,
  topics: readonly string[],
  isolation: 'read_committed' | 'read_uncommitted' = 'read_committed',
): Promise<OracleRecord[]> {
  const found: OracleRecord[] = [];
  for (const { name: topic, partitions } of archive.manifest.topics) {
    if (!topics.includes(topic)) continue;
    for (const { partition } of partitions) {
      const types = await timestampTypes(archive, topic, partition);
      for await (const record of archive.readRecords({ topic, partition, isolation })) {
        found.push({
          topic,
          partition,
          offset: record.offset,
          timestamp: record.timestamp,
          timestampType: types.get(record.offset) ?? 'NoTimestampType',
          key: toBase64(record.key),
          value: toBase64(record.value),
          headers: record.headers.map(({ key, value }) => [key, toBase64(value)] as const),
          leaderEpoch: null,
        });
      }
    }
  }
  return found;
}

async function timestampTypes(
  archive: Archive,
  topic: string,
  partition: number,
): Promise<Map<bigint, 'CreateTime' | 'LogAppendTime'>> {
  const types = new Map<bigint, 'CreateTime' | 'LogAppendTime'>();
  for await (const { batch } of archive.readBatches({ topic, partition })) {
    if (batch.isControl) continue;
    for (const { offset } of decodeRecords(batch)) types.set(offset, batch.timestampType);
  }
  return types;
}

/** Throws unless the latest archive shows exactly what Kafka's Java consumer reads. Returns how many records were compared. */
export async function assertShowsTopics(
  folder: string,
  kafka: KafkaCluster,
  topics: readonly string[],
  isolation: 'read_committed' | 'read_uncommitted' = 'read_committed',
): Promise<number> {
  const archive = await openArchiveIn(folder, 'latest', topics);
  return assertSameRecords(
    await readWithJava(kafka, { topics, isolation }),
    await archivedRecords(archive, topics, isolation),
  );
}

/** The bytes of a partition's segments in an archive, one after the other. */
export async function archivedBytes(
  folder: string,
  topic: string,
  partition: number,
  id = 'latest',
): Promise<Buffer> {
  const archive = await openArchiveIn(folder, id, [topic]);
  const { segments } = await archive.segments({ topic, partition });
  return Buffer.concat(await Promise.all(segments.map(({ key }) => readFile(join(folder, key)))));
}

/** The bytes of a partition's log as a broker has them. */
export async function brokerBytes(
  kafka: KafkaCluster,
  topic: string,
  partition: number,
  broker = kafka.brokers[0]?.id ?? 1,
): Promise<Buffer> {
  const folder = join(kafka.logDirOf(broker), `${topic}-${String(partition)}`);
  const logs = (await readdir(folder)).filter((name) => name.endsWith('.log')).sort();
  return Buffer.concat(await Promise.all(logs.map((name) => readFile(join(folder, name)))));
}

/** Everything in a repository folder that no archive needs: parts, pins, segments that no list names. */
export async function leftoversIn(folder: string): Promise<string[]> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  const repository = await openRepository(await openFileStore(folder));
  const named = new Set<string>();
  for (const ref of await repository.archives()) {
    const manifest = await repository.readManifest(ref);
    for (const { list } of manifest.topics.flatMap(({ partitions }) => partitions)) {
      if (list === null) continue;
      for (const { key } of (await repository.readSegmentList(list)).segments) named.add(key);
    }
  }
  return files
    .filter((file) => {
      if (file.endsWith('.part') || file.startsWith('pins/')) return true;
      return file.startsWith('segments/') && !named.has(file);
    })
    .sort();
}
