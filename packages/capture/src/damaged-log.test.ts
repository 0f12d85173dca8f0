import { Semaphore } from '@kops/core';
import { expect, it } from 'vitest';
import { batchOf } from '../test/batches.ts';
import { FakeLog } from '../test/fake-log.ts';
import { LogCursor } from './log-cursor.ts';

/** Reads a log to offset 30 and tells what it gave before it ended. */
async function read(log: FakeLog): Promise<{ seen: string[]; failure: unknown }> {
  const cursor = new LogCursor({
    kafka: log.kafka,
    assignment: {
      ...{ topic: 'orders', partition: 0, topicId: 'a'.repeat(32), derivedTopicId: false },
      ...{ epoch: 1n, endOffset: 30n },
    },
    ...{ from: 0n, lastEpoch: -1, baseline: true, budget: new Semaphore(10_000) },
    limits: { fetchBytes: 10_000, maxWaitMs: 0, idleMs: 30, aboveEndMs: 100, emptyMs: 300 },
    signal: new AbortController().signal,
  });
  const seen: string[] = [];
  try {
    for await (const event of cursor.events()) {
      seen.push(`${event.type} ${'next' in event ? String(event.next) : ''}`);
      if (event.type === 'run') event.release();
    }
    return { seen, failure: undefined };
  } catch (failure) {
    return { seen, failure };
  } finally {
    cursor.close();
  }
}

/** A log of three batches, the second damaged; served as a broker does, which believes base offsets and lengths. */
function damagedLog(damage: (header: DataView) => void, passesOver = false): FakeLog {
  const batches = [0, 10, 20].map((from) => new Uint8Array(batchOf(from, 10)));
  const log = new FakeLog(batches);
  const second = batches[1] ?? new Uint8Array(0);
  damage(new DataView(second.buffer, second.byteOffset, second.byteLength));
  log.onFetch = ({ offset }) => ({
    status: 'ok',
    bytes: Buffer.concat(offset < 10n ? batches : passesOver ? [] : batches.slice(1)),
    highWatermark: 30n,
    lastStableOffset: 30n,
    logStart: 0n,
    abortedTransactions: [],
    release: () => undefined,
  });
  return log;
}

it.each<[string, (header: DataView) => void, RegExp]>([
  ['length', (header) => header.setInt32(8, header.getInt32(8) ^ 0x10_0000), /longer than its log/],
  ['base offset', (header) => header.setBigInt64(0, 1n << 40n), /beyond the high watermark/],
  ['magic', (header) => header.setInt8(16, 18), /magic/],
])('a batch with a damaged %s is no hole: it ends the capture there', async (_, damage, says) => {
  const { seen, failure } = await read(damagedLog(damage));
  expect(seen).toEqual(['run 10']);
  expect(String(failure)).toMatch(says);
});

it('a batch that the broker passes over for its length is no hole either', async () => {
  const damage = (header: DataView): void => header.setInt32(8, header.getInt32(8) ^ 0x10_0000);
  const { seen, failure } = await read(damagedLog(damage, true));
  expect(seen).toEqual(['run 10']);
  expect(String(failure)).toMatch(/longer than its log/);
});
