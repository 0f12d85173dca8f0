import { wholeCluster, type ArchiveCommit, type SelectedTopics } from '@kops/archive-format';
import { describe, expect, it } from 'vitest';
import { findArchive } from './find-archive.ts';
import type { ArchiveWanted } from './repository.ts';

const commit = (
  archive: string,
  selection: Partial<SelectedTopics> = {},
  cluster = 'shop',
): ArchiveCommit =>
  ({ archive, cluster, selection: { ...wholeCluster, ...selection } }) as ArchiveCommit;

const whole = commit('20260101t000000z-aaaaaaaa');
const later = commit('20260102t000000z-aaaabbbb', { exclude: ['tmp*'] });
const orders = commit('20260103t000000z-bbbbcccc', { topics: ['orders'] });
const payments = commit('20260104t000000z-ccccdddd', { topics: ['pay*'] });
const left = commit('20260105t000000z-ddddeeee', { leftovers: true });

function find(
  archives: readonly ArchiveCommit[],
  wanted: string,
  scope: ArchiveWanted = {},
): { readonly archive: string; readonly notices: readonly string[] } {
  const notices: string[] = [];
  const { archive } = findArchive(archives, wanted, {
    repository: 'memory:',
    retired: () => false,
    onNotice: (text) => notices.push(text),
    ...scope,
  });
  return { archive, notices };
}

const failure = (code: string, message: RegExp, hint: RegExp): unknown =>
  expect.objectContaining({
    code,
    message: expect.stringMatching(message) as unknown,
    hint: expect.stringMatching(hint) as unknown,
  });

describe('latest', () => {
  it('is the newest archive, without a word, where all are of the whole cluster', () => {
    const newest = commit('20260109t000000z-eeeeffff');
    expect(find([whole, newest], 'latest')).toEqual({ archive: newest.archive, notices: [] });
  });

  it('of the whole cluster passes over a later backup of one topic, and says so', () => {
    expect(find([whole, orders], 'latest')).toEqual({
      archive: whole.archive,
      notices: [
        `Using archive ${whole.archive}: 1 newer archive does not cover the whole cluster (the newest: ${orders.archive} (--topics orders)).`,
      ],
    });
  });

  it('says what an archive of the whole cluster leaves out', () => {
    expect(find([whole, later, orders, payments, left], 'latest')).toEqual({
      archive: later.archive,
      notices: [
        `Using archive ${later.archive}: 3 newer archives do not cover the whole cluster (the newest: ${left.archive} (data of interrupted backups)).`,
        `Archive ${later.archive} does not hold all topics of the cluster: it was made with --exclude tmp*.`,
      ],
    });
  });

  it('for topics is the newest archive that covers them', () => {
    const all = [whole, later, orders, payments, left];
    expect(find(all, 'latest', { topics: ['orders'] }).archive).toBe(orders.archive);
    expect(find(all, 'latest', { topics: ['payments-eu'] }).archive).toBe(payments.archive);
    expect(find(all, 'latest', { topics: ['orders', 'payments'] }).archive).toBe(later.archive);
    // Nobody backed it up since it was excluded.
    expect(find(all, 'latest', { topics: ['tmp-1'] }).archive).toBe(whole.archive);
  });

  it('is the widest where no archive is of the whole cluster, and ambiguous where none is', () => {
    const both = commit('20260102t000000z-xxxxyyyy', { topics: ['orders', 'pay*'] });
    expect(find([both, orders], 'latest')).toEqual({
      archive: both.archive,
      notices: [
        expect.stringContaining(orders.archive),
        `Archive ${both.archive} does not hold all topics of the cluster: it was made with --topics orders,pay*.`,
      ],
    });
    expect(() => find([orders, payments], 'latest')).toThrow(
      failure('KOPS_USAGE', /ambiguous/, /--archive: .*ccccdddd.*, .*bbbbcccc/),
    );
  });

  it('fails for topics that no backup selected, and for topics that are in no archive together', () => {
    expect(() => find([orders, payments], 'latest', { topics: ['nope'] })).toThrow(
      failure('KOPS_TOPIC_NOT_FOUND', /'nope'/, /archives list/),
    );
    expect(() => find([orders, payments], 'latest', { topics: ['orders', 'payments'] })).toThrow(
      failure('KOPS_ARCHIVE_NOT_FOUND', /no single archive/, /'orders' in .*bbbbcccc/),
    );
  });

  it('names the clusters that are there when another one is asked for', () => {
    const other = commit('20260106t000000z-ffffgggg', {}, 'stage');
    for (const wanted of ['latest', whole.archive])
      expect(() => find([whole, other], wanted, { cluster: 'nope' })).toThrow(
        failure('KOPS_ARCHIVE_NOT_FOUND', /cluster 'nope'/, /shop, stage/),
      );
  });
});

describe('a short id', () => {
  it.each(['20260103', 'bbbbc', 'bbbbcccc'])('%s finds the archive', (wanted) => {
    expect(find([whole, orders, payments], wanted).archive).toBe(orders.archive);
  });

  it('that several archives have is an error that names them', () => {
    expect(() => find([whole, later, orders], 'aaaa')).toThrow(
      failure('KOPS_USAGE', /'aaaa' is ambiguous/, /aaaaaaaa, .*aaaabbbb/),
    );
  });

  it('does not make a whole id ambiguous, and has four characters at least', () => {
    const longer = commit(`${whole.archive}x`);
    expect(find([whole, longer], whole.archive).archive).toBe(whole.archive);
    expect(() => find([orders], 'bbb')).toThrow(
      failure('KOPS_ARCHIVE_NOT_FOUND', /'bbb'/, /nearest/),
    );
  });
});
