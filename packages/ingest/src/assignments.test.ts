import { KopsError } from '@kops/core';
import { createMemoryStore } from '@kops/object-store/memory';
import type { Ack, AgentEvent, Assignment, Frame, OpenFrame } from '@kops/transport';
import { beforeEach, describe, expect, it } from 'vitest';
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
