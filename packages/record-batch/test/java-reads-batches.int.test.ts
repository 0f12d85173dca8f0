import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureKafkaJars, runJava } from '@kops/kafka-dist';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  RecordBatchView,
  decodeRecords,
  encodeBatch,
  rewriteForLogDir,
  splitBatches,
} from '../src/index.ts';
import { allCodecs, plainBatch, records } from './arbitrary-records.ts';
import { caseNames, describeRecord, readCase, type ExpectedBatch } from './golden-cases.ts';

const program = fileURLToPath(new URL('../testdata/capture/DescribeBatches.java', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-record-batch-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** What Kafka's classes read from these batches as one segment; they check each CRC as well. */
async function readByJava(
  batches: readonly Uint8Array[],
): Promise<{ exitCode: number; read: ExpectedBatch[] }> {
  const file = join(folder, '00000000000000000000.log');
  await writeFile(file, Buffer.concat(batches));
  const result = await runJava(await ensureKafkaJars(), program, ['--stdout', file], {
    timeoutMs: 120_000,
  });
  return {
    exitCode: result.exitCode,
    read: result.exitCode === 0 ? (JSON.parse(result.stdout) as ExpectedBatch[]) : [],
  };
}

it('Java reads what is encoded here, with every codec and any records', async () => {
  const sampled = fc.sample(records, { numRuns: 200, seed: 11 });
  const batches = allCodecs.flatMap((codec) => [
    plainBatch(900, 0n, { codec }),
    ...sampled.map((list) => encodeBatch(list, { codec, timestampType: 'CreateTime' })),
  ]);
  const { read } = await readByJava(batches);
  expect(read).toHaveLength(batches.length);
  const ours = batches.map((bytes) => {
    const view = new RecordBatchView(bytes);
    return { codec: view.codec, crc: view.crc, records: decodeRecords(view).map(describeRecord) };
  });
  expect(read.map(({ codec, crc, records: list }) => ({ codec, crc, records: list }))).toEqual(
    ours,
  );
});

it('Java reads batches rewritten for a log directory with the same records', async () => {
  const sources = caseNames('current').map(readCase);
  const { read } = await readByJava(
    sources.map(({ bytes }) => rewriteForLogDir(new RecordBatchView(bytes))),
  );
  expect(read.map((batch) => batch.records)).toEqual(
    sources.map(({ expected }) => expected.records),
  );
  expect(read.every((batch) => batch.partitionLeaderEpoch === 0)).toBe(true);
});

it('Java refuses a batch whose CRC does not fit, so the checks above do check', async () => {
  const damaged = plainBatch(3);
  damaged[damaged.length - 1] = 0xee;
  const { exitCode } = await readByJava([plainBatch(1), damaged]);
  expect([...splitBatches(damaged)]).toHaveLength(1);
  expect(exitCode).not.toBe(0);
});
