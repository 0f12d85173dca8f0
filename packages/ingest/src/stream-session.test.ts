import { KopsError, Semaphore, toKopsError } from '@kops/core';
import { createMemoryStore } from '@kops/object-store/memory';
import { RunDigest, type Ack, type Frame } from '@kops/transport';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { batchesFrom, batchOf } from '../test/batches.ts';
import { FakeDuplex } from '../test/fake-duplex.ts';
import { openSink } from '../test/fixture.ts';
import { GroupSync } from './group-sync.ts';
import type { PartitionSink } from './partition-sink.ts';
import { SinkSessions } from './sink-sessions.ts';
import { StreamSession, type SessionOptions } from './stream-session.ts';

type Wire = FakeDuplex<Frame, Ack>;
const failures: KopsError[] = [];
const groupSync = new GroupSync((error) => failures.push(error));
afterEach(() => {
  expect(failures).toEqual([]);
});

function sessionOf(
  sink: PartitionSink,
  options: Partial<SessionOptions> = {},
): { session: StreamSession; wire: Wire } {
  const wire: Wire = new FakeDuplex();
  const session = new StreamSession({
    sink,
    duplex: wire,
    frames: wire.incoming[Symbol.asyncIterator](),
    groupSync,
    budget: new Semaphore(1_000_000),
    segmentBytes: 1_000_000,
    checkEpoch: () => undefined,
    ...options,
  });
  return { session, wire };
}

const digestOf = (batches: Uint8Array): Buffer => {
  const digest = new RunDigest();
  digest.add(batches);
  return digest.digest();
};

const stateOf = (batches: Uint8Array, nextOffset: bigint): Frame => ({
  type: 'state',
  highWatermark: nextOffset,
  lastStableOffset: nextOffset,
  logStart: 0n,
  sha256: digestOf(batches),
  nextOffset,
});

describe('StreamSession', () => {
  it('tells where to begin, takes frames cut anywhere, and ends when all is durable', async () => {
    const { sink } = await openSink([createMemoryStore()]);
    const { session, wire } = sessionOf(sink);
    const bytes = Buffer.concat(batchesFrom(0, 4));
    const done = session.run();
    expect(await wire.until(({ type }) => type === 'opened')).toMatchObject({
      resumeOffset: 0n,
      lastEpoch: -1,
      baseline: true,
    });
    wire.say(
      { type: 'data', bytes: bytes.subarray(0, 100) },
      { type: 'data', bytes: bytes.subarray(100) },
    );
    wire.say(stateOf(bytes, 23n), { type: 'end', reason: 'reached' });
    expect(await done).toBe('reached');
    expect([sink.position, sink.durable]).toEqual([23n, 23n]);
    expect(wire.sent.at(-1)).toEqual({ type: 'durable', offset: 23n });
    expect(wire.sent.filter(({ type }) => type === 'credit')).toEqual([
      { type: 'credit', bytes: 100 },
      { type: 'credit', bytes: bytes.length - 100 },
    ]);
    expect(sink.entries).toHaveLength(1);
  });

  it('refuses bytes that are not what the agent fetched', async () => {
    const { sink } = await openSink([createMemoryStore()]);
    const { session, wire } = sessionOf(sink);
    const bytes = Buffer.concat(batchesFrom(0, 2));
    wire.say({ type: 'data', bytes }, stateOf(Buffer.concat([bytes, bytes]), 10n));
    await expect(session.run()).rejects.toMatchObject({ code: 'KOPS_BATCH_CORRUPT' });
  });

  it('refuses a byte that changed on the way, wherever it is', async () => {
    const fetched = Buffer.concat([
      ...batchesFrom(0, 3),
      batchOf({ from: 15, count: 2, valueBytes: 300 }),
    ]);
    const carried = async (bytes: Buffer): Promise<string> => {
      const { sink } = await openSink([createMemoryStore()]);
      const { session, wire } = sessionOf(sink);
      wire.say({ type: 'data', bytes }, stateOf(fetched, 17n), { type: 'end', reason: 'reached' });
      return session.run().catch((error: unknown) => toKopsError(error).code);
    };
    expect(await carried(fetched)).toBe('reached');
    await fc.assert(
      fc.asyncProperty(
        fc.nat(fetched.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, mask) => {
          const changed = Buffer.from(fetched);
          changed[at] = (changed[at] ?? 0) ^ mask;
          expect(await carried(changed)).toMatch(
            /^KOPS_(BATCH_CORRUPT|OFFSET_MISMATCH|MAGIC_UNSUPPORTED)$/,
          );
        },
      ),
      { numRuns: 400 },
    );
  });

  it('takes a revocation inside of a batch, and keeps what was whole', async () => {
    const { sink } = await openSink([createMemoryStore()]);
    const budget = new Semaphore(1_000_000);
    const { session, wire } = sessionOf(sink, { budget });
    const bytes = Buffer.concat(batchesFrom(0, 2));
    wire.say(
      { type: 'data', bytes: bytes.subarray(0, bytes.length - 1) },
      { type: 'end', reason: 'revoked' },
    );
    expect(await session.run()).toBe('revoked');
    expect([sink.position, sink.durable]).toEqual([5n, 5n]);
    expect(budget.free).toBe(budget.capacity);
  });

  it('ends with an error when the agent goes without a word, keeping what was whole', async () => {
    const { sink } = await openSink([createMemoryStore()]);
    const { session, wire } = sessionOf(sink);
    wire.say({ type: 'data', bytes: batchOf({ from: 0 }) });
    wire.close();
    await expect(session.run()).rejects.toMatchObject({ code: 'KOPS_ARCHIVER_UNREACHABLE' });
    expect(sink.position).toBe(1n);
  });

  it('writes nothing of a frame that comes after the fence', async () => {
    const { sink } = await openSink([createMemoryStore()]);
    const { session, wire } = sessionOf(sink, {
      checkEpoch: () => {
        throw new KopsError('KOPS_FENCED', 'another one has it');
      },
    });
    wire.say({ type: 'data', bytes: batchOf({ from: 0 }) });
    await expect(session.run()).rejects.toMatchObject({ code: 'KOPS_FENCED' });
    expect(sink.position).toBe(0n);
  });

  it('does not deadlock where several large batches together are more than the memory', async () => {
    const budget = new Semaphore(50_000);
    const streams = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const { sink } = await openSink([createMemoryStore()]);
        const { session, wire } = sessionOf(sink, { budget });
        return { sink, wire, done: session.run() };
      }),
    );
    const batches = [
      batchOf({ from: 0, valueBytes: 20_000 }),
      batchOf({ from: 1, valueBytes: 80_000 }),
    ];
    const bytes = Buffer.concat(batches);
    // Turn by turn, so that all are inside of a batch at the same time.
    for (let at = 0; at < bytes.length; at += 5000) {
      for (const { wire } of streams)
        wire.say({ type: 'data', bytes: bytes.subarray(at, at + 5000) });
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const { wire } of streams)
      wire.say(stateOf(bytes, 2n), { type: 'end', reason: 'reached' });
    expect(await Promise.all(streams.map(({ done }) => done))).toEqual(
      streams.map(() => 'reached'),
    );
    expect(streams.map(({ sink }) => sink.durable)).toEqual(streams.map(() => 2n));
    expect(budget.free).toBe(budget.capacity);
  });
});

describe('SinkSessions', () => {
  it('lets a new stream begin where the one before has ended, not in its midst', async () => {
    const { sink } = await openSink([createMemoryStore()]);
    const slow = Promise.withResolvers<void>();
    const append = sink.append.bind(sink);
    sink.append = async (run) => {
      await slow.promise;
      await append(run);
    };
    const sessions = new SinkSessions();
    const old = sessionOf(sink);
    const first = sessions.run(sink, old.session, () => undefined);
    old.wire.say({ type: 'data', bytes: batchOf({ from: 0, count: 5 }) });
    await new Promise((resolve) => setTimeout(resolve, 5));
    old.wire.abort(new KopsError('KOPS_FENCED', 'moved'));
    const next = sessionOf(sink);
    const second = sessions.run(sink, next.session, () => undefined);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(next.wire.sent).toEqual([]);
    slow.resolve();
    await expect(first).rejects.toMatchObject({ code: 'KOPS_FENCED' });
    expect(await next.wire.until(({ type }) => type === 'opened')).toMatchObject({
      resumeOffset: 5n,
    });
    next.wire.say(stateOf(new Uint8Array(), 5n), { type: 'end', reason: 'idle' });
    expect(await second).toBe('idle');
    expect(sessions.size).toBe(0);
  });

  it('does not begin one that was fenced while it waited', async () => {
    const { sink } = await openSink([createMemoryStore()]);
    const { session, wire } = sessionOf(sink);
    const fenced = new KopsError('KOPS_FENCED', 'moved again');
    const check = (): never => {
      throw fenced;
    };
    await expect(new SinkSessions().run(sink, session, check)).rejects.toBe(fenced);
    expect(wire.sent).toEqual([]);
  });
});
