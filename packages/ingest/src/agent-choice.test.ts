import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseAgent, movesTo, type HeldPartition } from './agent-choice.ts';
import type { JoinedAgent } from './agent-registry.ts';

const agent = (host: string, brokerIds: readonly number[] = []): JoinedAgent => ({
  agentId: host,
  host,
  rack: '',
  brokerIds: new Set(brokerIds),
  capacity: 64,
  tell: () => undefined,
});

const held = (by: JoinedAgent, leader: number, streaming = false): HeldPartition => ({
  agent: by,
  leader,
  streaming,
});

describe('chooseAgent', () => {
  const near = agent('near', [1]);
  const far = agent('far');

  it('prefers who is beside the leader, then who has the fewest', () => {
    const load = new Map([
      [near, 9],
      [far, 0],
    ]);
    expect(chooseAgent(load, 1)).toBe(near);
    expect(chooseAgent(load, 2)).toBe(far);
  });

  it('avoids an agent that has failed, unless it is the only one', () => {
    expect(
      chooseAgent(
        new Map([
          [near, 0],
          [far, 5],
        ]),
        1,
        near,
      ),
    ).toBe(far);
    expect(chooseAgent(new Map([[near, 0]]), 1, near)).toBe(near);
  });
});

describe('movesTo', () => {
  it('moves what is led beside the one that joined, and leaves what is led beside its holder', () => {
    const first = agent('first', [1]);
    const joined = agent('joined', [2]);
    const partitions = [held(first, 1), held(first, 2), held(first, 1), held(first, 2, true)];
    expect(movesTo(joined, partitions)).toEqual([partitions[1], partitions[3]]);
  });

  it('shares by count where nobody is near, those without a stream first', () => {
    const first = agent('first');
    const partitions = [1, 2, 3, 4, 5].map((leader) => held(first, leader, leader > 3));
    const moved = movesTo(agent('joined'), partitions);
    expect(moved).toHaveLength(2);
    expect(moved.every(({ streaming }) => !streaming)).toBe(true);
  });

  it('shares between agents beside the same broker', () => {
    const first = agent('first', [1]);
    const partitions = [1, 1, 1, 1].map((leader) => held(first, leader));
    expect(movesTo(agent('second', [1]), partitions)).toHaveLength(2);
    expect(movesTo(agent('elsewhere'), partitions)).toEqual([]);
  });

  it('counts what is led beside the one that joined as its share', () => {
    const first = agent('first', [1]);
    const joined = agent('joined', [2]);
    const partitions = [2, 2, 2, 7, 7].map((leader) => held(first, leader));
    expect(movesTo(joined, partitions).map(({ leader }) => leader)).toEqual([2, 2, 2]);
  });

  it('never moves a partition away from its broker, nor makes another joiner of it come back', () => {
    const brokers = fc.subarray([1, 2, 3]);
    const arbitrary = fc.record({
      agents: fc.array(brokers, { minLength: 1, maxLength: 4 }),
      joins: brokers,
      partitions: fc.array(fc.record({ leader: fc.integer({ min: 1, max: 4 }), at: fc.nat() }), {
        maxLength: 40,
      }),
    });
    fc.assert(
      fc.property(arbitrary, ({ agents: hosts, joins, partitions }) => {
        const agents = hosts.map((ids, index) => agent(String(index), ids));
        const joined = agent('joined', joins);
        const before = partitions.map(({ leader, at }) =>
          held(agents[at % agents.length] ?? joined, leader),
        );
        const moved = new Set(movesTo(joined, before));
        for (const { agent: from, leader } of moved) {
          const isBeside = joined.brokerIds.has(leader);
          expect(isBeside || !from.brokerIds.has(leader)).toBe(true);
        }
        const after = before.map((one) => (moved.has(one) ? { ...one, agent: joined } : one));
        // It joins again, as after a pause: nothing is left to be moved.
        expect(movesTo(joined, after)).toEqual([]);
      }),
    );
  });
});
