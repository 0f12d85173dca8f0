import { describe, expect, it } from 'vitest';
import type { Measurement } from './bench.ts';
import { judgeGoals } from './goals.ts';
import { capturePeakRss, ratiosTo, sharedCores, spreadOf } from './statistics.ts';

const measured = (
  subject: string,
  round: number,
  seconds: number,
  more: Partial<Measurement> = {},
): Measurement => ({
  workload: 'plain',
  subject,
  round,
  seconds,
  wallSeconds: seconds,
  cpuSeconds: 0,
  brokerCpuSeconds: 0,
  processes: [],
  logBytes: 1e9,
  valueBytes: 1e9,
  ...more,
});

const stages = (round: number, slowest: number): Measurement[] => [
  measured('stage-fetch', round, 1),
  measured('stage-stream', round, slowest),
  measured('stage-write', round, 2),
];

const child = (role: string, megabytes: number): Measurement['processes'][number] => ({
  role,
  pid: 1,
  peakRssBytes: megabytes * 1e6,
  cpuSeconds: 0,
});

describe('spreadOf', () => {
  it('takes the middle of an odd number of figures and the mean of the two in the middle of an even one', () => {
    expect(spreadOf([9, 1, 4])).toEqual({ median: 4, min: 1, max: 9 });
    expect(spreadOf([10, 1, 4, 2])).toEqual({ median: 3, min: 1, max: 10 });
    expect(spreadOf([])).toBeUndefined();
  });
});

describe('sharedCores', () => {
  const names = ['stage-fetch', 'stage-stream', 'stage-write'];
  const cpu = (subject: string, seconds: number, own: number, broker: number): Measurement =>
    measured(subject, 1, seconds, { cpuSeconds: own, brokerCpuSeconds: broker });

  it('spreads the CPU time of all stages, the broker included, over the cores', () => {
    const all = [
      cpu('stage-fetch', 2, 2, 2),
      cpu('stage-stream', 3, 5, 0),
      cpu('stage-write', 1, 1, 0),
    ];
    expect(sharedCores(all, 'plain', names, 2)).toEqual([0.6]);
    expect(sharedCores(all, 'plain', names, 16)).toEqual([1]);
    expect(sharedCores(all.slice(1), 'plain', names, 2)).toEqual([]);
  });
});

describe('ratiosTo', () => {
  it('compares within a round, with the slowest of the others', () => {
    const all = [
      ...stages(1, 4),
      measured('backup', 1, 8),
      ...stages(2, 40),
      measured('backup', 2, 50),
    ];
    expect(
      ratiosTo(all, 'plain', 'backup', ['stage-fetch', 'stage-stream', 'stage-write']),
    ).toEqual([0.5, 0.8]);
  });

  it('leaves out a round in which one of the others was not measured', () => {
    const all = [
      measured('stage-fetch', 1, 1),
      measured('backup', 1, 8),
      ...stages(2, 4),
      measured('backup', 2, 4),
    ];
    expect(ratiosTo(all, 'plain', 'backup', ['stage-fetch', 'stage-stream'])).toEqual([1]);
    expect(ratiosTo(all, 'json', 'backup', ['stage-fetch'])).toEqual([]);
  });
});

describe('capturePeakRss', () => {
  it('adds the peaks of agent and archiver, and says nothing when one was not seen', () => {
    expect(
      capturePeakRss({
        processes: [child('agent', 100), child('archiver', 50), child('main', 70)],
      }),
    ).toBe(150e6);
    expect(capturePeakRss({ processes: [child('agent', 100), child('main', 70)] })).toBeUndefined();
  });
});

describe('judgeGoals', () => {
  const metOf = (measurements: Measurement[], goal: string): boolean | null | undefined =>
    judgeGoals(measurements).find((result) => result.goal.includes(goal))?.met;

  it('judges a backup by its ratio to the slowest stage', () => {
    expect(metOf([...stages(1, 4), measured('backup', 1, 4 / 0.6)], 'slowest stage')).toBe(true);
    expect(metOf([...stages(1, 4), measured('backup', 1, 4 / 0.59)], 'slowest stage')).toBe(false);
  });

  it('judges a restore by its ratio to the producer, and verify by its rate', () => {
    expect(metOf([measured('java-producer', 1, 3), measured('restore', 1, 2)], 'restore')).toBe(
      true,
    );
    expect(metOf([measured('java-producer', 1, 3), measured('restore', 1, 2.1)], 'restore')).toBe(
      false,
    );
    expect(metOf([measured('verify-structure', 1, 1e9 / 600e6)], 'verify')).toBe(true);
    expect(metOf([measured('verify-structure', 1, 1.7)], 'verify')).toBe(false);
  });

  it('judges memory by the worst round', () => {
    const rounds = (worst: number): Measurement[] =>
      [300, 310, worst].map((megabytes, round) =>
        measured('backup', round, 1, {
          processes: [child('agent', 100), child('archiver', megabytes - 100)],
        }),
      );
    expect(metOf(rounds(350), 'resident')).toBe(true);
    expect(metOf(rounds(351), 'resident')).toBe(false);
  });

  it('tells a backup less its fixed cost beside the goals, without judging it', () => {
    const result = judgeGoals([
      ...stages(1, 4),
      measured('backup', 1, 6),
      measured('backup-again', 1, 1),
    ]).find(({ met }) => met === null);
    expect(result?.measured.median).toBe(0.8);
    expect(result?.wanted).toBe('');
  });

  it('says nothing of what was not measured', () => {
    expect(judgeGoals([measured('java-consumer', 1, 1)])).toEqual([]);
  });
});
