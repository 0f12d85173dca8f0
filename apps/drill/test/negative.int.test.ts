import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from '@kops/archive-format';
import { decodeRecords, encodeBatch, RecordBatchView, type KafkaRecord } from '@kops/record-batch';
import type { Archive, LocatedBatch } from '@kops/repository';
import { kafkaAdmin, produceWithJava, sandboxKafka } from '@kops/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drillExitCode, runDrill, type DrillOptions, type DrillReport } from '../src/index.ts';
import { makeArchive, type MadeArchive } from './make-archive.ts';

/*
 * The restore is given an archive that lies about one record or one group; the comparison reads the true one. So the target really holds
 * something else than the archive, and the drill has to end with 20.
 */

const kafka = sandboxKafka({ beforeAll, afterAll });
let made: MadeArchive;
let reportDir: string;

beforeAll(async () => {
  const admin = kafkaAdmin(kafka());
  // The records are years old: a broker looks half a minute after its start for what its retention lets it delete.
  await admin.createTopic({ topic: 'orders', configs: { 'retention.ms': '-1' } });
  // Records of a size that makes batches of a few of them.
  await produceWithJava(
    kafka(),
    [
      {
        do: 'generate',
        topic: 'orders',
        count: 300,
        valueBytes: 200,
        firstTimestamp: 1_700_000_000_000n,
      },
    ],
    { config: { 'batch.size': '2000' } },
  );
  await admin.commitOffsets('billing', [{ topic: 'orders', partition: 0, offset: 123n }]);
  made = await makeArchive(kafka().bootstrapServers);
  reportDir = await mkdtemp(join(tmpdir(), 'kops-drill-report-'));
});

afterAll(async () => {
  await made[Symbol.asyncDispose]();
  await rm(reportDir, { recursive: true });
});

type Change = (records: readonly KafkaRecord[]) => readonly KafkaRecord[];

/** Drills with an archive that is another one as long as the restore goes on. */
async function drillWith(
  change: Change,
  manifest?: (manifest: Manifest) => Manifest,
): Promise<DrillReport> {
  let isRestoring = false;
  const { archive } = made;
  const lying: Archive = {
    repository: archive.repository,
    ref: archive.ref,
    get manifest() {
      return isRestoring && manifest !== undefined ? manifest(archive.manifest) : archive.manifest;
    },
    partition: (topic, partition) => archive.partition(topic, partition),
    segments: (at) => archive.segments(at),
    readRecords: (options) => archive.readRecords(options),
    readRecordRuns: (options) => archive.readRecordRuns(options),
    scanTransactions: (at, options) => archive.scanTransactions(at, options),
    readBatches: (options) =>
      isRestoring
        ? changedBatches(archive.readBatches(options), change)
        : archive.readBatches(options),
    readRuns: (options) =>
      isRestoring
        ? inRuns(changedBatches(archive.readBatches(options), change))
        : archive.readRuns(options),
  };
  const options: DrillOptions = {
    archive: lying,
    sandbox: 'external',
    kafka: { bootstrapServers: kafka().bootstrapServers.split(',') },
    reportDir,
    onProgress: ({ phase, message }) => {
      if (phase === 'restore') isRestoring = message !== 'done';
    },
  };
  return runDrill(options);
}

async function* inRuns<T>(items: AsyncIterable<T>): AsyncGenerator<Iterable<T>> {
  for await (const item of items) yield [item];
}

/** Changes the batch that holds offset 100. */
async function* changedBatches(
  batches: AsyncIterable<LocatedBatch>,
  change: Change,
): AsyncGenerator<LocatedBatch> {
  for await (const located of batches) {
    const { batch } = located;
    const isMeant = batch.baseOffset <= 100n && batch.lastOffset >= 100n;
    yield isMeant ? { ...located, batch: changedBatch(batch, change) } : located;
  }
}

function changedBatch(batch: RecordBatchView, change: Change): RecordBatchView {
  const { baseOffset, lastOffset } = batch;
  const bytes = encodeBatch(change(decodeRecords(batch)), {
    codec: 'none',
    timestampType: 'CreateTime',
    baseOffset,
    lastOffset,
  });
  return new RecordBatchView(bytes);
}

const same: Change = (records) => records;
const at = (records: readonly KafkaRecord[]): number =>
  records.findIndex(({ offset }) => offset === 100n);

/** Puts other records in the places of the old ones. */
function renumber(records: readonly KafkaRecord[], first: bigint): KafkaRecord[] {
  return records.map((record, index) => ({ ...record, offset: first + BigInt(index) }));
}

describe('a drill of a restore that went wrong', () => {
  it('is green when nothing went wrong', async () => {
    const report = await drillWith(same);
    expect(report.differences).toEqual([]);
    expect(report).toMatchObject({ status: 'ok', equalRecords: 300, groupOffsets: 1 });
  });

  it('is red by one changed record', async () => {
    const report = await drillWith((records) =>
      records.map((record) =>
        record.offset === 100n ? { ...record, value: Buffer.from('other') } : record,
      ),
    );
    expect(drillExitCode(report)).toBe(20);
    expect(report).toMatchObject({ errors: 1, equalRecords: 299 });
    expect(report.differences).toMatchObject([
      {
        kind: 'changed',
        fields: ['value'],
        source: { topic: 'orders', partition: 0, offset: 100n },
        target: { offset: 100n },
      },
    ]);
  });

  it('is red by one dropped record', async () => {
    const report = await drillWith((records) => records.filter(({ offset }) => offset !== 100n));
    expect(drillExitCode(report)).toBe(20);
    expect(report.differences[0]).toMatchObject({
      kind: 'missing',
      source: { offset: 100n },
      count: 1,
    });
  });

  it('is red by one record twice', async () => {
    // The batch gets one record more in the place of another: that one is missing then.
    const report = await drillWith((records) => {
      const index = Math.min(at(records), records.length - 2);
      const twice = records
        .toSpliced(index, 1, records[index]!, records[index]!)
        .slice(0, records.length);
      return renumber(twice, records[0]!.offset);
    });
    expect(drillExitCode(report)).toBe(20);
    expect(report.differences.map(({ kind }) => kind).sort()).toEqual(['duplicated', 'missing']);
  });

  it('is red by two swapped records', async () => {
    const report = await drillWith((records) => {
      const index = Math.min(at(records), records.length - 2);
      const [first, second] = [records[index]!, records[index + 1]!];
      return renumber(records.toSpliced(index, 2, second, first), records[0]!.offset);
    });
    expect(drillExitCode(report)).toBe(20);
    expect(report.differences).toMatchObject([{ kind: 'swapped', count: 2 }]);
  });

  it('is red by a group that would go on at another record', async () => {
    const report = await drillWith(same, (manifest) => ({
      ...manifest,
      groups: manifest.groups.map((group) => ({
        ...group,
        offsets: group.offsets.map((offset) => ({ ...offset, offset: offset.offset + 1n })),
      })),
    }));
    expect(drillExitCode(report)).toBe(20);
    expect(report.differences).toMatchObject([
      { kind: 'group', source: { offset: 123n }, target: { offset: 124n } },
    ]);
    expect(report.differences[0]?.message).toContain('would read offset 124');
  });
});
