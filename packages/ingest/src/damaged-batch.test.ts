import { systemClock } from '@kops/core';
import { createMemoryStore } from '@kops/object-store/memory';
import { describe, expect, it } from 'vitest';
import { batchesFrom } from '../test/batches.ts';
import { clusterId, openSink, parentPartition, topicSnapshot } from '../test/fixture.ts';
import { planBackup } from './plan-backup.ts';
import { recoverPartition } from './recover-partition.ts';
import { findLeftovers } from './recovery.ts';

/** The batch with one byte flipped. */
function flipped(batch: Uint8Array | undefined, at: number): Uint8Array {
  const bytes = new Uint8Array(batch ?? []);
  bytes[at] = (bytes[at] ?? 0) ^ 0x40;
  return bytes;
}

const corrupt = { code: 'KOPS_BATCH_CORRUPT' };
const loss = { from: 5n, to: 10n, reason: 'damaged-at-source' };
const lastOffsetDelta = 23;

describe('a batch that fails its check', () => {
  it('is fetched again; whole then, it was damaged on the way and nothing is lost', async () => {
    const store = createMemoryStore();
    const { sink } = await openSink([store]);
    const [first, second, third] = batchesFrom(0, 3);
    await expect(sink.append(Buffer.concat([first!, flipped(second, 80)]))).rejects.toMatchObject(
      corrupt,
    );
    expect(sink.position).toBe(5n);
    // Other bytes than before are no proof either.
    await expect(sink.append(flipped(second, 81))).rejects.toMatchObject(corrupt);
    await sink.append(Buffer.concat([second!, third!]));
    await sink.seal();
    expect(sink.losses).toEqual([]);
    expect(sink.entries).toMatchObject([{ baseOffset: 0n, lastOffset: 14n, records: 15 }]);
  });

  it('is stored as it is when it comes again the same, in a segment of its own', async () => {
    const store = createMemoryStore();
    const { sink } = await openSink([store]);
    const [first, second, third] = batchesFrom(0, 3);
    const damaged = flipped(second, 80);
    await expect(sink.append(Buffer.concat([first!, damaged]))).rejects.toMatchObject(corrupt);
    await sink.append(Buffer.concat([damaged, third!]));
    await sink.seal();
    expect(sink.losses).toMatchObject([loss]);
    expect(
      sink.entries.map(({ baseOffset, records, damaged: is }) => [baseOffset, records, is]),
    ).toEqual([
      [0n, 5, undefined],
      [5n, null, true],
      [10n, 5, undefined],
    ]);
    expect(sink.losses[0]?.segment).toBe(sink.entries[1]?.key);
    expect(Buffer.from(await store.get(sink.entries[1]?.key ?? ''))).toEqual(Buffer.from(damaged));
  });

  it('is known with its loss to the successor of a capture that was killed', async () => {
    const store = createMemoryStore();
    const { sink, journal } = await openSink([store]);
    const [first, second] = batchesFrom(0, 2);
    const damaged = flipped(second, 80);
    await expect(sink.append(Buffer.concat([first!, damaged]))).rejects.toMatchObject(corrupt);
    await sink.append(damaged);
    await journal.release();
    const next = await openSink([store]);
    const leftovers = await findLeftovers(
      store,
      clusterId,
      { capture: next.journal.capture, running: new Set() },
      systemClock,
    );
    await recoverPartition(next.sink, leftovers, [store], systemClock);
    expect(next.sink.position).toBe(10n);
    expect(next.sink.losses).toMatchObject([loss]);
    expect(next.sink.entries).toMatchObject([
      { baseOffset: 0n },
      { baseOffset: 5n, damaged: true },
    ]);
  });

  it('is never stored when its offsets cannot be believed', async () => {
    const { sink } = await openSink([createMemoryStore()], {
      plan: { snapshot: { ...parentPartition(8n).partition, leader: 1 } },
    });
    const damaged = flipped(batchesFrom(0, 1)[0], lastOffsetDelta);
    for (let time = 0; time < 3; time++)
      await expect(sink.append(damaged)).rejects.toMatchObject(corrupt);
    expect(sink.losses).toEqual([]);
    expect(sink.position).toBe(0n);
  });
});

it('a loss by damage at the source stays in every archive that extends the one that has it', () => {
  const recorded = { from: 5n, to: 10n, reason: 'damaged-at-source' as const, detail: 'CRC' };
  const topic = topicSnapshot();
  const [plan] = planBackup({
    snapshot: {
      cluster: { clusterId, controllerId: 1, brokers: [] },
      topics: [topic],
      liveTopics: new Set(),
      groups: [],
    },
    isolation: 'read_committed',
    parentOf: () => parentPartition(50n, { losses: [recorded] }),
    epochEnd: () => undefined,
    nowMs: 0,
  });
  expect(plan).toMatchObject({ mode: 'extend', losses: [recorded] });
});
