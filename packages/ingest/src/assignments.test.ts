import { KopsError } from '@kops/core';
import { createMemoryStore } from '@kops/object-store/memory';
import type { Ack, AgentEvent, Assignment, Frame, OpenFrame } from '@kops/transport';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeDuplex } from '../test/fake-duplex.ts';
import { openSink, partitionSnapshot, topicId } from '../test/fixture.ts';
import { AgentRegistry } from './agent-registry.ts';
import { Assignments } from './assignments.ts';
import type { PartitionSink } from './partition-sink.ts';

type Join = FakeDuplex<AgentEvent, Assignment>;

let registry: AgentRegistry;
let assignments: Assignments;
let notices: string[];
let givenUp: KopsError[];
let epoch: bigint;
let joins: Promise<void>[];
beforeEach(() => {
  registry = new AgentRegistry();
  notices = [];
  givenUp = [];
  epoch = 0n;
  joins = [];
  assignments = new Assignments(
    'main',
    registry,
    {
      onGivenUp: (_, error) => givenUp.push(error),
      onNotice: (_, text) => notices.push(text),
      onJoined: (agent) => assignments.rebalance(agent),
    },
    () => ++epoch,
  );
});

async function sinkLedBy(leader: number, partition: number): Promise<PartitionSink> {
  const snapshot = partitionSnapshot({ leader, partition });
  return (await openSink([createMemoryStore()], { plan: { snapshot } })).sink;
}

async function join(agentId: string, brokerIds: readonly number[] = []): Promise<Join> {
  const duplex: Join = new FakeDuplex();
  joins.push(registry.serve(duplex));
  duplex.say({
    type: 'hello',
    agentId,
    host: agentId,
    rack: '',
    brokerIds,
    capacity: 64,
    version: '',
  });
  await duplex.until(({ type }) => type === 'welcome');
  return duplex;
}

const assignedTo = ({ sent }: Join): { partition: number; epoch: bigint }[] =>
  sent
    .flatMap((message) => (message.type === 'assign' ? message.partitions : []))
    .map(({ partition, epoch: at }) => ({ partition, epoch: at }));
const partitionsOf = (duplex: Join): number[] =>
  assignedTo(duplex).map(({ partition }) => partition);

const open = (agentId: string, partition: number, at: bigint): OpenFrame => ({
  type: 'open',
  agentId,
  epoch: at,
  cluster: 'main',
  topic: 'orders',
  topicId,
  partition,
  leaderEpoch: -1,
  logStart: -1n,
});
const stream = (): FakeDuplex<Frame, Ack> => new FakeDuplex();

describe('Assignments', () => {
  it('gives a partition to the agent beside its leader, others to whoever has the fewest', async () => {
    const agents = [await join('a', [1]), await join('b', [2])] as const;
    for (const [partition, leader] of [1, 1, 2, 7, 7, 7].entries())
      assignments.add(await sinkLedBy(leader, partition), 100n);
    assignments.distribute();
    expect(partitionsOf(agents[0])).toEqual(expect.arrayContaining([0, 1]));
    expect(partitionsOf(agents[1])).toContain(2);
    expect([partitionsOf(agents[0]).length, partitionsOf(agents[1]).length]).toEqual([3, 3]);
  });

  it('hands out what waits when the first agent joins, and nothing that is done', async () => {
    assignments.add(await sinkLedBy(1, 0), 100n);
    assignments.add(await sinkLedBy(1, 1), 0n);
    const agent = await join('a');
    await agent.until(({ type }) => type === 'assign');
    expect(assignedTo(agent)).toEqual([{ partition: 0, epoch: 1n }]);
  });

  it('moves the partitions of an agent that goes, and fences its streams', async () => {
    const first = await join('a');
    assignments.add(await sinkLedBy(1, 0), 100n);
    assignments.distribute();
    const carried = stream();
    const partition = assignments.open(open('a', 0, 1n), carried);
    const second = await join('b');
    first.close();
    await Promise.race(joins);
    expect(carried.signal.reason).toMatchObject({ code: 'KOPS_FENCED' });
    const [moved] = assignedTo(second);
    expect(moved?.partition).toBe(0);
    expect(moved?.epoch).toBeGreaterThan(1n);
    expect(notices).toEqual([expect.stringContaining('agent on a is gone')]);
    // The old one comes back: neither a new stream nor the one it had may write.
    expect(() => assignments.open(open('a', 0, 1n), stream())).toThrow(
      expect.objectContaining({ code: 'KOPS_FENCED' }) as Error,
    );
    expect(() => assignments.check(partition, 1n)).toThrow(
      expect.objectContaining({ code: 'KOPS_FENCED' }) as Error,
    );
    assignments.check(partition, moved?.epoch ?? 0n);
    expect(assignments.open(open('b', 0, moved?.epoch ?? 0n), stream())).toBe(partition);
  });

  it('refuses streams of other agents, topics and epochs, and a second one of the same', async () => {
    await join('a');
    assignments.add(await sinkLedBy(1, 0), 100n);
    assignments.distribute();
    const wrong: [OpenFrame, string][] = [
      [open('b', 0, 1n), 'KOPS_FENCED'],
      [open('a', 0, 2n), 'KOPS_FENCED'],
      [open('a', 1, 1n), 'KOPS_FENCED'],
      [{ ...open('a', 0, 1n), topicId: 'f'.repeat(32) }, 'KOPS_FENCED'],
    ];
    for (const [frame, code] of wrong)
      expect(() => assignments.open(frame, stream())).toThrow(
        expect.objectContaining({ code }) as Error,
      );
    assignments.open(open('a', 0, 1n), stream());
    expect(() => assignments.open(open('a', 0, 1n), stream())).toThrow(
      expect.objectContaining({ code: 'KOPS_HELD' }) as Error,
    );
  });

  describe('a partition that fails', () => {
    const fail = async (agent: Join, error: KopsError): Promise<void> => {
      const at = assignedTo(agent).at(-1)?.epoch ?? 0n;
      agent.say({ type: 'failed', topic: 'orders', partition: 0, epoch: at, error });
      await new Promise((resolve) => setTimeout(resolve, 2));
    };
    const lost = new KopsError('KOPS_KAFKA_UNREACHABLE', 'gone');

    it('is given up after three failures in a row', async () => {
      const agent = await join('a');
      assignments.add(await sinkLedBy(1, 0), 100n);
      assignments.distribute();
      for (let time = 0; time < 3; time++) await fail(agent, lost);
      expect(givenUp).toMatchObject([{ code: 'KOPS_KAFKA_UNREACHABLE' }]);
      expect(assignedTo(agent)).toHaveLength(3);
    });

    it('is tried on as long as it moves', async () => {
      const agent = await join('a');
      const sink = await sinkLedBy(1, 0);
      assignments.add(sink, 100n);
      assignments.distribute();
      for (let time = 1; time <= 9; time++) {
        await sink.skipTo(BigInt(time), 0n);
        await fail(agent, lost);
      }
      expect(givenUp).toEqual([]);
    });

    it('is given up at once where no other agent can help', async () => {
      const agent = await join('a');
      assignments.add(await sinkLedBy(1, 0), 100n);
      assignments.distribute();
      await fail(agent, new KopsError('KOPS_TOPIC_NOT_FOUND', 'deleted'));
      expect(givenUp).toMatchObject([{ code: 'KOPS_TOPIC_NOT_FOUND' }]);
    });
  });

  describe('an agent that joins later', () => {
    const revokedFrom = ({ sent }: Join): number[] =>
      sent
        .flatMap((message) => (message.type === 'revoke' ? message.partitions : []))
        .map(({ partition }) => partition);

    it('gets what is led beside it: without a stream at once, else when the stream has ended', async () => {
      const first = await join('a', [1]);
      for (const [partition, leader] of [1, 2, 2].entries())
        assignments.add(await sinkLedBy(leader, partition), 100n);
      assignments.distribute();
      const epochs = new Map(assignedTo(first).map((one) => [one.partition, one.epoch]));
      const carried = stream();
      const partition = assignments.open(open('a', 1, epochs.get(1) ?? 0n), carried);
      const second = await join('b', [2]);
      await second.until(({ type }) => type === 'assign');
      expect(revokedFrom(first).sort()).toEqual([1, 2]);
      expect(partitionsOf(second)).toEqual([2]);
      // Until the stream has ended it may write: what it carries is checked to the end.
      assignments.check(partition, epochs.get(1) ?? 0n);
      expect(carried.signal.aborted).toBe(false);
      assignments.released(partition, carried);
      await second.until(
        (message) => message.type === 'assign' && message.partitions[0]?.partition === 1,
      );
      expect(partitionsOf(second)).toEqual([2, 1]);
      expect(() => assignments.check(partition, epochs.get(1) ?? 0n)).toThrow(
        expect.objectContaining({ code: 'KOPS_FENCED' }) as Error,
      );
      expect(notices).toEqual(['agent on b joined: moving 2 partitions to it']);
      expect(partitionsOf(first)).toEqual([0, 1, 2]);
    });

    it('gets nothing where the other is nearer, and the leaders as they are now decide', async () => {
      const first = await join('a', [1]);
      assignments.add(await sinkLedBy(1, 0), 100n);
      assignments.distribute();
      await join('c', [3]);
      expect(revokedFrom(first)).toEqual([]);
      const moved = { partition: 0, leader: 2, leaderEpoch: 1, replicas: [], isr: [] };
      assignments.noteLeaders([
        { name: 'orders', id: topicId, isInternal: false, partitions: [moved] },
      ]);
      const second = await join('b', [2]);
      await second.until(({ type }) => type === 'assign');
      expect(revokedFrom(first)).toEqual([0]);
    });

    it('that goes while a stream is ending leaves the partition to the others', async () => {
      const first = await join('a');
      assignments.add(await sinkLedBy(2, 0), 100n);
      assignments.distribute();
      const carried = stream();
      assignments.open(open('a', 0, 1n), carried);
      const second = await join('b', [2]);
      second.close();
      await joins[1];
      expect(carried.signal.reason).toMatchObject({ code: 'KOPS_FENCED' });
      expect(partitionsOf(first)).toEqual([0, 0]);
      expect(partitionsOf(second)).toEqual([]);
    });

    it('takes over by a fence when the stream does not end', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
      try {
        await join('a');
        assignments.add(await sinkLedBy(2, 0), 100n);
        assignments.distribute();
        const carried = stream();
        assignments.open(open('a', 0, 1n), carried);
        const second = await join('b', [2]);
        vi.advanceTimersByTime(4_500);
        expect(carried.signal.aborted).toBe(false);
        vi.advanceTimersByTime(700);
        expect(carried.signal.reason).toMatchObject({ code: 'KOPS_FENCED' });
        expect(partitionsOf(second)).toEqual([0]);
      } finally {
        vi.useRealTimers();
      }
    });

    it('that fails with a partition gives it back to who had it', async () => {
      const first = await join('a');
      assignments.add(await sinkLedBy(2, 0), 100n);
      assignments.distribute();
      const second = await join('b', [2]);
      await second.until(({ type }) => type === 'assign');
      const [given] = assignedTo(second);
      const error = new KopsError('KOPS_KAFKA_UNREACHABLE', 'no route');
      second.say({
        type: 'failed',
        topic: 'orders',
        partition: 0,
        epoch: given?.epoch ?? 0n,
        error,
      });
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(partitionsOf(first)).toEqual([0, 0]);
      expect(givenUp).toEqual([]);
    });
  });

  it('hands out nothing and takes nothing in once it is closed', async () => {
    const agent = await join('a');
    assignments.add(await sinkLedBy(1, 0), 100n);
    assignments.distribute();
    const carried = stream();
    assignments.open(open('a', 0, 1n), carried);
    assignments.close(new KopsError('KOPS_INTERRUPTED', 'over'));
    expect(carried.signal.reason).toMatchObject({ code: 'KOPS_INTERRUPTED' });
    assignments.add(await sinkLedBy(1, 1), 100n);
    assignments.distribute();
    expect(partitionsOf(agent)).toEqual([0]);
  });
});
