import type { KafkaRecord } from '@kops/record-batch';
import {
  compilePolicy,
  createHasher,
  documentRecords,
  parseRecordRules,
  type BulkItem,
  type Catalog,
  type RecordSource,
  type RejectedDocument,
} from '../src/index.ts';

export const hashKey = 'a key that nobody guesses';

export const source: RecordSource = {
  cluster: 'c1',
  topicId: 'ab'.repeat(16),
  topic: 'orders',
  partition: 0,
  archive: '20260131t235959z-k3v9q2xa',
  segment: 'segments/c1/x/0/t/00000000000000000000.log',
};

/** Order `n`: number n of a topic of orders. */
export function order(n: number, value: unknown = { order: n, state: 'open' }): KafkaRecord {
  return {
    offset: BigInt(n),
    timestamp: BigInt(1_700_000_000_000 + n * 1000),
    key: Buffer.from(`order-${String(n)}`),
    value: Buffer.from(JSON.stringify(value)),
    headers: [{ key: 'trace', value: Buffer.from(`t-${String(n)}`) }],
  };
}

export const orders = (from: number, to: number): KafkaRecord[] =>
  Array.from({ length: to - from }, (_, index) => order(from + index));

/** Indexes records as a segment, and waits until they can be found. */
export async function indexRecords(
  catalog: Catalog,
  records: readonly KafkaRecord[],
  options: { of?: Partial<RecordSource>; rule?: Record<string, unknown> } = {},
): Promise<{ rejected: RejectedDocument[]; created: number; updated: number; index: string }> {
  const of = { ...source, ...options.of };
  const rules = parseRecordRules([{ topics: '*', level: 'full', ...options.rule }], {
    hasHashKey: true,
  });
  const policy = compilePolicy(rules)(of.topic);
  const documenter = documentRecords(of, policy, createHasher(hashKey));
  const target = await catalog.recordTarget(of.topic);
  const rejected: RejectedDocument[] = [];
  await using writer = catalog.openBulk({ onRejected: (document) => void rejected.push(document) });
  for (const record of records) {
    const document = documenter(record);
    if (document === undefined) continue;
    const item: BulkItem = {
      index: target.index,
      id: document.id,
      json: JSON.stringify(document.fields),
      pipeline: policy.pipeline,
    };
    await writer.add(item);
  }
  await writer.flush();
  await catalog.refresh();
  const { created, updated } = writer.counts;
  return { rejected, created, updated, index: target.index };
}
