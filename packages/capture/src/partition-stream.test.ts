import { KopsError, Semaphore } from '@kops/core';
import { RunDigest, type Frame, type PartitionAssignment } from '@kops/transport';
import { describe, expect, it } from 'vitest';
import { batchOf } from '../test/batches.ts';
import { FakeArchiver } from '../test/fake-archiver.ts';
import { FakeLog } from '../test/fake-log.ts';
import { defaultLimits } from './log-cursor.ts';
import { runPartitionStream, type StreamOutcome } from './partition-stream.ts';

const assignment: PartitionAssignment = {
  topic: 'orders',
  partition: 0,
  topicId: 'a'.repeat(32),
  derivedTopicId: false,
  epoch: 1n,
  endOffset: 100n,
};

function run(
  archiver: FakeArchiver,
  log: FakeLog,
  signal = new AbortController().signal,
): { done: Promise<StreamOutcome>; budget: Semaphore } {
  const budget = new Semaphore(10_000_000);
  const done = runPartitionStream(assignment, {
    agentId: 'a',
    cluster: 'main',
    kafka: log.kafka,
    capture: archiver.client,
    budget,
    limits: defaultLimits,
    signal,
  });
  return { done, budget };
}

const typesOf = (frames: readonly Frame[]): string[] => frames.map(({ type }) => type);
const dataOf = (frames: readonly Frame[]): Buffer =>
  Buffer.concat(frames.flatMap((frame) => (frame.type === 'data' ? [frame.bytes] : [])));
const twenty = (): Uint8Array[] =>
  Array.from({ length: 20 }, (_, at) => batchOf(at * 5, 5, { valueBytes: 50 }));

async function until(isTrue: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2000 && !isTrue(); turn++)
    await new Promise((resolve) => setTimeout(resolve, 1));
  expect(isTrue()).toBe(true);
}

describe('runPartitionStream', () => {
  it('carries everything, with a state every so many bytes and one before its end', async () => {
    const archiver = new FakeArchiver();
    const log = new FakeLog(twenty());
    const { done, budget } = run(archiver, log);
    expect(await done).toEqual({ reason: 'reached', next: 100n });
    expect(dataOf(archiver.frames).equals(Buffer.concat(log.batches))).toBe(true);
    const types = typesOf(archiver.frames);
    expect(types[0]).toBe('open');
    expect(types.slice(-2)).toEqual(['state', 'end']);
    expect(archiver.frames.at(-2)).toMatchObject({ nextOffset: 100n, highWatermark: 100n });
    expect(budget.free).toBe(budget.capacity);
  });

  it('tells in each state the digest of the batches since the one before, also of those that span frames', async () => {
    const archiver = new FakeArchiver();
    const log = new FakeLog([...twenty().slice(0, 19), batchOf(95, 5, { valueBytes: 100_000 })]);
    await run(archiver, log).done;
    const told: Uint8Array[] = [];
    const expected: Buffer[] = [];
    let sent: Uint8Array[] = [];
    for (const frame of archiver.frames) {
      if (frame.type === 'data') sent.push(frame.bytes);
      if (frame.type !== 'state') continue;
      const digest = new RunDigest();
      digest.add(Buffer.concat(sent));
      sent = [];
      expected.push(digest.digest());
      told.push(frame.sha256);
    }
    expect(archiver.frames.filter(({ type }) => type === 'data').length).toBeGreaterThan(2);
    expect(told.length).toBeGreaterThan(1);
    expect(told).toEqual(expected);
  });

  it('sends nothing without credit', async () => {
    const archiver = new FakeArchiver();
    archiver.credit = 0;
    const log = new FakeLog(twenty());
    const { done } = run(archiver, log);
    await until(() => log.fetches > 0);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(typesOf(archiver.frames)).toEqual(['open']);
    archiver.say({ type: 'credit', bytes: 10_000_000 });
    expect(await done).toMatchObject({ reason: 'reached' });
  });

  it('says nothing of its state when it is revoked inside of a batch', async () => {
    const archiver = new FakeArchiver();
    archiver.credit = 600_000;
    const stop = new AbortController();
    const { done, budget } = run(
      archiver,
      new FakeLog([batchOf(0, 1), batchOf(1, 99, { valueBytes: 100_000 })]),
      stop.signal,
    );
    await until(() => dataOf(archiver.frames).length > 262_144);
    stop.abort(new KopsError('KOPS_INTERRUPTED', 'the assignment was revoked'));
    expect(await done).toMatchObject({ reason: 'revoked', next: 1n });
    expect(typesOf(archiver.frames).slice(-2)).toEqual(['data', 'end']);
    expect(budget.free).toBe(budget.capacity);
  });

  it('tells its state when it is revoked between batches', async () => {
    const archiver = new FakeArchiver();
    archiver.credit = 300_000;
    const stop = new AbortController();
    const { done } = run(
      archiver,
      new FakeLog([batchOf(0, 50, { valueBytes: 5000 }), batchOf(50, 50, { valueBytes: 5000 })]),
      stop.signal,
    );
    await until(() => dataOf(archiver.frames).length > 200_000);
    stop.abort(new KopsError('KOPS_INTERRUPTED', 'the assignment was revoked'));
    expect(await done).toEqual({ reason: 'revoked', next: 50n });
    expect(typesOf(archiver.frames).slice(-2)).toEqual(['state', 'end']);
  });

  it('ends with what fences it', async () => {
    const archiver = new FakeArchiver();
    archiver.credit = 0;
    const { done, budget } = run(archiver, new FakeLog(twenty()));
    await until(() => archiver.frames.length > 0);
    archiver.say({ type: 'fence', reason: 'another one has it' });
    const outcome = done.catch((error: unknown) => error);
    const error = await Promise.race([
      outcome,
      new Promise((resolve) => setTimeout(resolve, 3000, 'still running')),
    ]);
    expect(error).toMatchObject({ code: 'KOPS_FENCED', at: { topic: 'orders', partition: 0 } });
    expect(budget.free).toBe(budget.capacity);
  });
});
