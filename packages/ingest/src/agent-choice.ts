import type { JoinedAgent } from './agent-registry.ts';

/** A partition that an agent captures, as far as the choice of agents is concerned. */
export interface HeldPartition {
  readonly agent: JoinedAgent;
  /** Broker that leads it. */
  readonly leader: number;
  /** A stream of it runs: to move it costs more. */
  readonly streaming: boolean;
}

/** Partitions of each agent. */
export type AgentLoad = ReadonlyMap<JoinedAgent, number>;

/**
 * The agent beside a leader, else the one with the fewest partitions.
 * @param avoid one that has just failed with the partition: only where there is no other
 */
export function chooseAgent(load: AgentLoad, leader: number, avoid?: JoinedAgent): JoinedAgent {
  const others = [...load].filter(([agent]) => agent !== avoid);
  const all = others.length > 0 ? others : [...load];
  const beside = all.filter(([agent]) => agent.brokerIds.has(leader));
  const candidates = beside.length > 0 ? beside : all;
  return candidates.reduce((least, next) => (next[1] < least[1] ? next : least))[0];
}

/**
 * Which partitions move to an agent that has joined: those led beside it whose agent is not, then, from those with the most, its fair share by count of
 * those that it is as near to as who has them. Only the one that joined gets any, so none moves twice, and none moves back.
 */
export function movesTo<T extends HeldPartition>(joined: JoinedAgent, held: readonly T[]): T[] {
  const isBeside = (agent: JoinedAgent, { leader }: T): boolean => agent.brokerIds.has(leader);
  const others = held.filter(({ agent }) => agent !== joined);
  const nearer = others.filter((one) => isBeside(joined, one) && !isBeside(one.agent, one));
  const load = new Map<JoinedAgent, number>([[joined, held.length - others.length]]);
  for (const { agent } of others) load.set(agent, (load.get(agent) ?? 0) + 1);
  const shift = ({ agent }: T): void => {
    load.set(agent, (load.get(agent) ?? 0) - 1);
    load.set(joined, (load.get(joined) ?? 0) + 1);
  };
  nearer.forEach(shift);
  const equal = others.filter((one) => isBeside(joined, one) === isBeside(one.agent, one));
  return [...nearer, ...fairShare(joined, equal, load, shift)];
}

function fairShare<T extends HeldPartition>(
  joined: JoinedAgent,
  movable: readonly T[],
  load: AgentLoad,
  shift: (one: T) => void,
): T[] {
  // Taken from the end: those without a stream go first.
  const byAgent = Map.groupBy(
    movable.toSorted((a, b) => Number(b.streaming) - Number(a.streaming)),
    ({ agent }) => agent,
  );
  const of = (agent: JoinedAgent): number => load.get(agent) ?? 0;
  const moves: T[] = [];
  for (;;) {
    const left = [...byAgent].filter(([, partitions]) => partitions.length > 0);
    const [first] = left;
    if (first === undefined) return moves;
    const [from, partitions] = left.reduce((most, next) =>
      of(next[0]) > of(most[0]) ? next : most,
    );
    // One that has only one more would be as much behind as it is ahead now.
    const next = of(from) - of(joined) >= 2 ? partitions.pop() : undefined;
    if (next === undefined) return moves;
    shift(next);
    moves.push(next);
  }
}
