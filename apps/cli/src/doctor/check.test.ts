import { KopsError } from '@kops/core';
import { describe, expect, it } from 'vitest';
import { check, doctorExitCode, fail, ok, warn } from './check.ts';
import { partitionChecks } from './partition-checks.ts';
import { unmetNeeds, unmetWishes, protocolNeeds } from './protocol-needs.ts';

describe('the exit code of checks', () => {
  it('is 0 with warnings, and that of the first failure', () => {
    expect(doctorExitCode([ok('a', ''), warn('b', '')])).toBe(0);
    expect(
      doctorExitCode([
        ok('a', ''),
        fail('b', 'KOPS_ACCESS_DENIED', ''),
        fail('c', 'KOPS_NO_SPACE', ''),
      ]),
    ).toBe(31);
  });

  it('comes from what a check throws', async () => {
    const thrown = new KopsError('KOPS_NO_SPACE', 'full', {
      at: { repository: 'r' },
      hint: 'free some',
    });
    const result = await check('a', new AbortController().signal, () => Promise.reject(thrown));
    expect(result).toEqual({
      name: 'a',
      status: 'fail',
      code: 'KOPS_NO_SPACE',
      message: 'full',
      details: ['where: repository r'],
      hint: 'free some',
    });
  });

  it('is not made of an interrupt', async () => {
    await expect(
      check('a', AbortSignal.abort(new KopsError('KOPS_INTERRUPTED', 'stop')), () =>
        Promise.resolve(ok('a', '')),
      ),
    ).rejects.toMatchObject({ code: 'KOPS_INTERRUPTED' });
  });
});

describe('what brokers must offer', () => {
  const all = new Map(
    protocolNeeds.map(({ key, versions }) => [key, { min: 0, max: Math.max(...versions) }]),
  );

  it('is met by a broker that has it all', () => {
    expect(unmetNeeds(all)).toEqual([]);
    expect(unmetWishes(all)).toEqual([]);
  });

  it('is not met by versions that are too old, gone, or missing', () => {
    expect(unmetNeeds(new Map(all).set(1, { min: 0, max: 10 }))).toEqual([
      'Fetch (backup) needs version 11 or 13, the broker supports 0 to 10',
    ]);
    expect(unmetNeeds(new Map(all).set(0, { min: 9, max: 12 }))).toEqual([
      'Produce (restore) needs version 8, the broker supports 9 to 12',
    ]);
    const without = new Map(all);
    without.delete(44);
    expect(unmetNeeds(without)).toEqual([
      'IncrementalAlterConfigs (restore) needs version 0, the broker supports none',
    ]);
  });

  it('says what is done in a lesser way', () => {
    expect(unmetWishes(new Map(all).set(1, { min: 0, max: 11 }))).toHaveLength(1);
  });
});

describe('partitions', () => {
  const topic = (leader: number, isr: number[]) => [
    {
      name: 't',
      id: undefined,
      isInternal: false,
      partitions: [{ partition: 0, leader, leaderEpoch: 0, replicas: [1, 2], isr }],
    },
  ];

  it.each([
    [1, [1, 2], ['ok', 'ok']],
    [1, [1], ['ok', 'warn']],
    [-1, [], ['fail', 'ok']],
  ])('with leader %i and %j in sync', (leader, isr, statuses) => {
    expect(partitionChecks(topic(leader, isr)).map(({ status }) => status)).toEqual(statuses);
  });

  it('are named, with their brokers', () => {
    expect(partitionChecks(topic(-1, []))[0]).toMatchObject({
      code: 'KOPS_KAFKA_UNREACHABLE',
      details: ['t-0: replicas on brokers 1, 2'],
    });
  });
});
