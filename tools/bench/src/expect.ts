import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { KopsError } from '@kops/core';
import type { Bench, Workload } from './bench.ts';

/** A measurement of something that did not do its work is worth nothing. @throws KOPS_COMPARISON_FAILED */
export function expectEqual(actual: number, expected: number, what: string): void {
  if (actual === expected) return;
  throw new KopsError(
    'KOPS_COMPARISON_FAILED',
    `${what}: expected ${String(expected)}, found ${String(actual)}`,
  );
}

/** Bytes of a topic's batches as they lie on the broker's disk. */
export async function logBytesOf(
  bench: Pick<Bench, 'kafka'>,
  topic: string,
  partitions: number,
): Promise<number> {
  const logDir = bench.kafka.brokers[0]?.logDir ?? '';
  let bytes = 0;
  for (let partition = 0; partition < partitions; partition++) {
    const folder = join(logDir, `${topic}-${String(partition)}`);
    const segments = (await readdir(folder)).filter((name) => name.endsWith('.log'));
    for (const name of segments) bytes += (await stat(join(folder, name))).size;
  }
  return bytes;
}

/** Records of a topic by its offsets; its log must have no holes. */
export async function recordsOf(
  bench: Pick<Bench, 'client'>,
  topic: string,
  partitions: number,
): Promise<number> {
  const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  const [starts, ends] = [
    await bench.client.listOffsets(all, 'earliest'),
    await bench.client.listOffsets(all, 'latest'),
  ];
  return ends.reduce((sum, end, index) => sum + Number(end - (starts[index] ?? 0n)), 0);
}

/** Whether a topic holds as many records as another and, where known, as many bytes. @throws KOPS_COMPARISON_FAILED */
export async function expectSameLog(
  bench: Bench,
  topic: string,
  expected: Pick<Workload, 'partitions' | 'records'> & { readonly logBytes: number | undefined },
): Promise<void> {
  expectEqual(
    await recordsOf(bench, topic, expected.partitions),
    expected.records,
    `records in ${topic}`,
  );
  if (expected.logBytes === undefined) return;
  expectEqual(
    await logBytesOf(bench, topic, expected.partitions),
    expected.logBytes,
    `bytes in the log of ${topic}`,
  );
}
