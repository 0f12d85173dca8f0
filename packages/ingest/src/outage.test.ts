import { KopsError, type Clock } from '@kops/core';
import { describe, expect, it, vi } from 'vitest';
import { watchForAgents } from './agent-watch.ts';
import { watchCluster } from './cluster-watch.ts';
import { Outage } from './outage.ts';

const unreachable = new KopsError(
  'KOPS_KAFKA_UNREACHABLE',
  'no broker can be reached: ECONNREFUSED',
);

/** Time that passes only while somebody sleeps. */
function steppingClock(): Clock & { at: number } {
  const clock = {
    at: 0,
    now: () => clock.at,
    monotonic: () => clock.at,
    sleep: (ms: number) => {
      clock.at += ms;
      return Promise.resolve();
    },
  };
  return clock;
}

function recordOutage(clock: Clock): { outage: Outage; told: string[] } {
  const told: string[] = [];
  const outage = new Outage(clock, {
    onLost: ({ message }) => told.push(`${String(clock.monotonic())} lost: ${message}`),
    onBack: (ms) => told.push(`${String(clock.monotonic())} back after ${String(ms)}`),
  });
  return { outage, told };
}

describe('an outage', () => {
  it('is told once when it begins and once when everybody was answered again', () => {
    const clock = steppingClock();
    const { outage, told } = recordOutage(clock);
    outage.back('probe');
    clock.at = 1_000;
    outage.lost('follow', unreachable);
    clock.at = 2_000;
    outage.lost('probe', unreachable);
    outage.back('probe');
    expect(outage.error).toBe(unreachable);
    clock.at = 9_000;
    expect(outage.lostForMs).toBe(8_000);
    outage.back('follow');
    expect(told).toEqual([
      '1000 lost: no broker can be reached: ECONNREFUSED',
      '9000 back after 8000',
    ]);
    expect(outage.lostForMs).toBe(0);
  });

  it('is found by asking the cluster, and is over at its first other answer', async () => {
    const clock = steppingClock();
    const { outage, told } = recordOutage(clock);
    const ended = new AbortController();
    const denied = new KopsError('KOPS_ACCESS_DENIED', 'no');
    const answers = [undefined, unreachable, unreachable, denied, undefined];
    await watchCluster({
      kafka: {
        probe: () => {
          const answer = answers.shift();
          return answer === undefined ? Promise.resolve() : Promise.reject(answer);
        },
      },
      clock,
      outage,
      onAsked: () => {
        if (answers.length === 0) ended.abort();
      },
      signal: ended.signal,
    });
    expect(told).toEqual([
      '1000 lost: no broker can be reached: ECONNREFUSED',
      '3000 back after 2000',
    ]);
  });
});

describe('an archiver without agents', () => {
  it.each([
    { limitMs: null, givenUp: 0 },
    { limitMs: 20_000, givenUp: 1 },
  ])('is told of once within 5 s, and fails a backup only at its limit: $limitMs', (given) => {
    vi.useFakeTimers();
    try {
      const agents: never[] = [];
      const told: string[] = [];
      const givenUp: KopsError[] = [];
      const end = watchForAgents({
        registry: { agents, lack: () => unreachable },
        clock: { monotonic: () => Date.now() },
        limitMs: given.limitMs,
        onLost: () => told.push('lost'),
        onBack: () => told.push('back'),
        onGivenUp: (error) => {
          givenUp.push(error);
          end();
        },
      });
      vi.advanceTimersByTime(5_000);
      expect(told).toEqual(['lost']);
      vi.advanceTimersByTime(16_000);
      expect(givenUp).toHaveLength(given.givenUp);
      if (given.limitMs === null) {
        vi.advanceTimersByTime(24 * 3_600_000);
        agents.push({} as never);
        vi.advanceTimersByTime(2_000);
        expect(told).toEqual(['lost', 'back']);
      }
      end();
    } finally {
      vi.useRealTimers();
    }
  });
});
