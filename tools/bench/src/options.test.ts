import { describe, expect, it } from 'vitest';
import type { WorkloadName } from './bench.ts';
import { parseOptions } from './options.ts';
import { orderOf, selectable, selectSubjects, subjects } from './subjects.ts';

const namesOf = (workload: WorkloadName, only: string[]): string[] =>
  selectSubjects(workload, only).map(({ name }) => name);

describe('parseOptions', () => {
  it('measures 2 GiB in two rounds unless told otherwise', () => {
    expect(parseOptions([])).toMatchObject({
      sizeBytes: 2 ** 31,
      rounds: 2,
      only: [],
      batchBytes: 16_384,
      smallPartitions: 2000,
      profile: false,
    });
  });

  it('reads sizes, counts and lists', () => {
    const options = parseOptions([
      '--size',
      '64MiB',
      '--rounds',
      '5',
      '--only',
      'plain, json/backup',
      '--json',
      'x.json',
      '--profile',
    ]);
    expect(options).toMatchObject({
      sizeBytes: 2 ** 26,
      rounds: 5,
      only: ['plain', 'json/backup'],
      json: 'x.json',
      profile: true,
    });
  });

  it('gives nothing when help is asked for', () => {
    expect(parseOptions(['--help'])).toBeUndefined();
  });

  it.each([
    ['--size', '1KiB'],
    ['--size', 'much'],
    ['--rounds', '0'],
    ['--rounds', '1.5'],
    ['--small-partitions', '100000'],
    ['--unknown'],
    ['word'],
  ])('refuses %s %s', (...args) => {
    expect(() => parseOptions(args)).toThrow(
      expect.objectContaining({ code: 'KOPS_USAGE' }) as Error,
    );
  });
});

describe('orderOf', () => {
  const orders = (workload: WorkloadName, only: string[]): string[][] =>
    [1, 2].map((round) => orderOf(selectSubjects(workload, only), round).map(({ name }) => name));

  it('turns every second round round', () => {
    expect(orders('plain', ['stage-fetch', 'stage-write', 'java-consumer'])).toEqual([
      ['stage-fetch', 'stage-write', 'java-consumer'],
      ['java-consumer', 'stage-write', 'stage-fetch'],
    ]);
  });

  it('runs what a subject needs before it, once', () => {
    expect(orders('plain', ['restore', 'java-producer'])).toEqual([
      ['backup', 'restore', 'java-producer'],
      ['java-producer', 'backup', 'restore'],
    ]);
    const [there = [], back = []] = orders('plain', []);
    expect(back.toSorted()).toEqual(there.toSorted());
    expect(back.indexOf('backup-standing')).toBeLessThan(back.indexOf('backup-indexing'));
  });
});

describe('selectSubjects', () => {
  it('takes all that fit a workload when nothing is named', () => {
    expect(namesOf('plain', [])).toEqual(
      subjects.map(({ name }) => name).filter((name) => !/^(index|bulk)-/.test(name)),
    );
    expect(namesOf('json', [])).not.toContain('kafkajs-consumer');
    expect(namesOf('small', [])).toEqual(['backup', 'backup-again', 'verify-structure']);
  });

  it('takes workloads, subjects and both, with the backup that a subject needs', () => {
    expect(namesOf('json', ['restore'])).toEqual(['backup', 'restore']);
    expect(namesOf('json', ['plain/restore', 'stage-write'])).toEqual(['stage-write']);
    expect(namesOf('small', ['plain'])).toEqual([]);
  });

  it('knows every word that selects something', () => {
    expect(selectable).toContain('plain/kafkajs-consumer');
    expect(selectable).not.toContain('json/kafkajs-consumer');
  });
});
