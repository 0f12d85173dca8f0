import { Semaphore, type Offset } from '@kops/core';
import type { FetchResult } from '@kops/kafka';
import { describe, expect, it } from 'vitest';
import { batchOf } from '../test/batches.ts';
import { FakeLog } from '../test/fake-log.ts';
import { LogCursor, type CursorOptions, type LogEvent } from './log-cursor.ts';

const limits = { fetchBytes: 1000, maxWaitMs: 0, idleMs: 30, aboveEndMs: 100, emptyMs: 300 };

interface Story {
  readonly events: string[];
  readonly bytes: Buffer;
  readonly budget: Semaphore;
}

/** Runs a cursor to its end and tells what it said. */
async function read(
  log: FakeLog,
  options: Partial<CursorOptions> & { readonly end?: Offset } = {},
): Promise<Story> {
  const budget = new Semaphore(10_000);
  const cursor = new LogCursor({
    kafka: log.kafka,
    assignment: {
      topic: 'orders',
      partition: 0,
      topicId: 'a'.repeat(32),
      derivedTopicId: false,
      epoch: 1n,
      endOffset: options.end ?? log.end,
    },
    from: 0n,
    lastEpoch: -1,
    baseline: true,
    budget,
    limits,
    signal: new AbortController().signal,
    ...options,
  });
  const events: string[] = [];
  const pieces: Uint8Array[] = [];
  for await (const event of cursor.events()) {
    events.push(describeEvent(event));
    if (event.type !== 'run') continue;
    for (const { bytes } of event.frames) pieces.push(new Uint8Array(bytes));
    event.release();
  }
  cursor.close();
  return { events, bytes: Buffer.concat(pieces), budget };
}

function describeEvent(event: LogEvent): string {
  if (event.type === 'loss')
    return `loss ${event.reason} ${String(event.from)}-${String(event.to)}`;
  return event.type === 'end' ? `end ${event.reason}` : `${event.type} ${String(event.next)}`;
}

const twenty = (): Uint8Array[] =>
  Array.from({ length: 20 }, (_, at) => batchOf(at * 5, 5, { valueBytes: 50 }));

describe('LogCursor', () => {
  it('reads to the end and gives all memory back', async () => {
    const log = new FakeLog(twenty());
    const { events, bytes, budget } = await read(log);
    expect(bytes.equals(Buffer.concat(log.batches))).toBe(true);
    expect(events.at(-1)).toBe('end reached');
    expect(log.fetches).toBeGreaterThan(3);
    expect(budget.free).toBe(budget.capacity);
    expect(log.released).toBe(log.fetches);
  });

  it('tells a tail that compaction has emptied only when it was confirmed', async () => {
    const log = new FakeLog([batchOf(0, 5), batchOf(9, 1)]);
    log.end = 40n;
    let starved = 1;
    log.onFetch = ({ offset }) =>
      offset === 10n && starved-- > 0
        ? {
            status: 'ok',
            bytes: new Uint8Array(),
            highWatermark: 40n,
            lastStableOffset: 40n,
            logStart: 0n,
            abortedTransactions: [],
          }
        : undefined;
    expect((await read(log)).events).toEqual(['run 10', 'hole 40', 'end reached']);
  });

  it('does not take a starved answer for the end', async () => {
    const log = new FakeLog(twenty());
    let starved = 1;
    log.onFetch = ({ offset }) =>
      offset === 0n && starved-- > 0
        ? {
            status: 'ok',
            bytes: new Uint8Array(),
            highWatermark: 100n,
            lastStableOffset: 100n,
            logStart: 0n,
            abortedTransactions: [],
          }
        : undefined;
    const { bytes } = await read(log);
    expect(bytes.equals(Buffer.concat(log.batches))).toBe(true);
  });

  const emptyAt = (log: FakeLog): FetchResult => ({
    status: 'ok',
    bytes: new Uint8Array(),
    highWatermark: log.end,
    lastStableOffset: log.end,
    logStart: log.logStart,
    abortedTransactions: [],
  });

  it('loses nothing when tiered storage is slow to give it', async () => {
    const log = new FakeLog(twenty());
    log.localStart = 70n;
    let slow = 3;
    const waits: number[] = [];
    log.onFetch = ({ offset, maxWaitMs }) => {
      if (offset !== 0n) return undefined;
      waits.push(maxWaitMs);
      return slow-- > 0 ? emptyAt(log) : undefined;
    };
    const { events, bytes } = await read(log);
    expect(bytes.equals(Buffer.concat(log.batches))).toBe(true);
    expect(events.filter((event) => event.startsWith('hole'))).toEqual([]);
    // Brokers before 3.8 give a remote read as long as the client waits.
    expect(waits).toEqual([0, 5_000, 5_000, 5_000]);
  });

  it('fails when tiered storage gives nothing until the deadline, and makes no hole', async () => {
    const log = new FakeLog(twenty());
    log.localStart = 70n;
    log.onFetch = ({ offset }) => (offset < 70n ? emptyAt(log) : undefined);
    await expect(read(log)).rejects.toMatchObject({
      code: 'KOPS_KAFKA_UNREACHABLE',
      message: expect.stringContaining('tiered storage') as string,
      at: { topic: 'orders', partition: 0, offset: 0n },
    });
  });

  it('follows slow tiered storage to the end of the log before it idles', async () => {
    const log = new FakeLog(twenty());
    log.localStart = 70n;
    let slow = 4;
    log.onFetch = ({ offset }) => (offset === 0n && slow-- > 0 ? emptyAt(log) : undefined);
    const { events, bytes } = await read(log, { end: -1n });
    expect(bytes.equals(Buffer.concat(log.batches))).toBe(true);
    expect(events.at(-1)).toBe('end idle');
  });

  it('jumps over a hole across the end', async () => {
    const log = new FakeLog([batchOf(0, 5), batchOf(30, 5)]);
    expect((await read(log, { end: 20n })).events).toEqual(['run 5', 'hole 20', 'end reached']);
  });

  it.each([
    [true, 'restart 50'],
    [false, 'loss retention 0-50'],
  ])('meets a log start that moved: nothing archived is %s', async (baseline, expected) => {
    const log = new FakeLog(twenty());
    log.logStart = 50n;
    const { events } = await read(log, { baseline });
    expect(events[0]).toBe(expected);
    expect(events.at(-1)).toBe('end reached');
  });

  it('tells what retention took between two fetches', async () => {
    const log = new FakeLog(twenty());
    log.onFetch = () => {
      if (log.fetches === 2) log.logStart = 80n;
      return undefined;
    };
    const { events } = await read(log);
    expect(events.filter((event) => event.startsWith('loss'))).toEqual([
      expect.stringMatching(/^loss retention \d+-80$/),
    ]);
  });

  it('goes back to where a truncated log parted, and reads on from there', async () => {
    const log = new FakeLog([
      ...twenty().slice(0, 10),
      batchOf(50, 5, { epoch: 3 }),
      batchOf(55, 45, { epoch: 3 }),
    ]);
    log.epochEnds = new Map([[1, 50n]]);
    const { events, bytes } = await read(log, { from: 70n, lastEpoch: 1, baseline: false });
    expect(events[0]).toBe('loss truncation 50-70');
    expect(bytes.equals(Buffer.concat(log.batches.slice(10)))).toBe(true);
  });

  it('takes an unknown epoch for unknown, not for truncated', async () => {
    const log = new FakeLog(twenty());
    const { events } = await read(log, { from: 50n, lastEpoch: 1, baseline: false });
    expect(events.some((event) => event.startsWith('loss'))).toBe(false);
  });

  it('gives up an offset above the log end, and never resets by itself', async () => {
    const log = new FakeLog(twenty());
    await expect(
      read(log, { from: 150n, end: 200n, lastEpoch: 1, baseline: false }),
    ).rejects.toMatchObject({
      code: 'KOPS_INCOMPLETE',
      at: { topic: 'orders', partition: 0, offset: 150n },
    });
  });

  it.each(['topic-gone', 'topic-recreated'] as const)(
    'names a topic that is no more: %s',
    async (status) => {
      const log = new FakeLog(twenty());
      log.onFetch = () => (log.fetches > 1 ? { status } : undefined);
      await expect(read(log)).rejects.toMatchObject({ code: 'KOPS_TOPIC_NOT_FOUND' });
    },
  );

  it('ends as idle when a followed log has nothing for a while', async () => {
    const log = new FakeLog(twenty());
    const { events, bytes } = await read(log, { end: -1n });
    expect(bytes.equals(Buffer.concat(log.batches))).toBe(true);
    expect(events.at(-1)).toBe('end idle');
  });
});
