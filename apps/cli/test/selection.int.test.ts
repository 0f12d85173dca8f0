import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wholeCluster } from '@kops/archive-format';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kopsJson, runKops } from './run-kops.ts';
import { batchOf, cluster, recordAt, storeArchive } from './stored-archive.ts';

/* Archives as backups of different topics leave them: 1 all topics, 2 all but 'payments', which was deleted, 3 only 'orders'. */

let folder: string;
const first = '20260101t000000z-aaaaaaaa';
const second = '20260102t000000z-aaaabbbb';
const third = '20260103t000000z-bbbbcccc';

const records = (count: number) => [
  [[batchOf(Array.from({ length: count }, (_, offset) => recordAt(offset)))]],
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-selection-'));
  await storeArchive(
    folder,
    { orders: records(1), payments: records(2), users: records(3) },
    { archive: first, series: first },
  );
  await storeArchive(
    folder,
    { orders: records(4), users: records(5) },
    {
      archive: second,
      series: second,
      deletedSinceParent: [{ name: 'payments', topicId: 'ab'.repeat(16), archive: first }],
    },
  );
  await storeArchive(
    folder,
    { orders: records(6) },
    { archive: third, series: third, selection: { ...wholeCluster, topics: ['orders'] } },
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const from = (): string[] => ['--repository', folder];
const passedOver = `Using archive ${second}: 1 newer archive does not cover the whole cluster (the newest: ${third} (--topics orders)).`;

interface Failure {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint: string;
    readonly exit: number;
  };
}

describe('a backup of one topic after one of all', () => {
  it.each<[string, string[]]>([
    ['shown', ['archives', 'show']],
    ['verified', ['verify', '--level', 'checksum']],
    ['drilled', ['drill', '--sandbox', 'external', '--bootstrap-server', '127.0.0.1:1']],
  ])('is not latest where the whole cluster is %s, and one line says so', async (_what, args) => {
    const run = await runKops([...args, ...from()]);
    expect(run.stderr.split('\n').filter((line) => line.includes(third))).toEqual([passedOver]);
    if (args[0] === 'archives') expect(run.stdout).toMatch(new RegExp(`^Archive +${second}$`, 'm'));
    if (args[0] === 'verify') expect(run).toMatchObject({ code: 0 });
  });

  it.each<[string, string[], number]>([
    ['orders', ['cat', '--topic', 'orders', '--partition', '0'], 6],
    ['users', ['cat', '--topic', 'users', '--partition', '0'], 5],
    ['users', ['export', '--topics', 'users'], 5],
    ['orders', ['export', '--topics', 'orders'], 6],
    ['orders', ['grep', 'order', '--topics', 'orders', '--output', 'ndjson'], 6],
    ['users', ['grep', 'order', '--topics', 'users', '--output', 'ndjson'], 5],
  ])('is latest for what it covers, and no other topic: %s (%j)', async (_topic, args, count) => {
    const run = await runKops([...args, ...from()]);
    expect(run.code).toBe(0);
    expect(run.stdout.trimEnd().split('\n')).toHaveLength(count);
  });

  it('is marked in the list and by show', async () => {
    const list = await runKops(['archives', 'list', ...from()]);
    expect(list.stdout).toMatch(new RegExp(`^${second} .* all topics `, 'm'));
    expect(list.stdout).toMatch(new RegExp(`^${third} .* --topics orders `, 'm'));
    const show = await runKops(['archives', 'show', ...from(), '--archive', third]);
    expect(show.stdout).toMatch(/^Selection +a part of the cluster: --topics orders$/m);
    const { archives } = await kopsJson<{ archives: { summary: { isSubset: boolean } }[] }>([
      'archives',
      'list',
      ...from(),
    ]);
    expect(archives.map(({ summary }) => summary.isSubset)).toEqual([false, false, true]);
  });
});

describe('a topic that was deleted between two backups', () => {
  it('is named by the first archive without it', async () => {
    const { stdout } = await runKops(['archives', 'show', ...from()]);
    expect(stdout).toContain(`Deleted since the parent:\n  payments: last in archive ${first}\n`);
  });

  it.each<[string, string[]]>([
    ['cat', ['cat', '--topic', 'payments', '--partition', '0']],
    ['export', ['export', '--topics', 'payments']],
    ['grep', ['grep', 'x', '--topics', 'payments']],
    ['show', ['archives', 'show', '--topics', 'payments']],
  ])('is told by %s with the newest archive that holds it', async (_name, args) => {
    const run = await runKops([...args, ...from()]);
    expect(run.code).toBe(10);
    expect(run.stderr).toContain(`archive ${second} holds no topic 'payments'`);
    expect(run.stderr).toContain(`Use --archive ${first}: it is the newest that holds it.`);
  });

  it('is found by archives list --topics', async () => {
    const idsOf = async (topics: string): Promise<string[]> => {
      const args = ['archives', 'list', ...from(), '--topics', topics];
      const { archives } = await kopsJson<{ archives: { archive: string }[] }>(args);
      return archives.map(({ archive }) => archive);
    };
    expect(await idsOf('payments')).toEqual([first]);
    expect(await idsOf('pay*,us*')).toEqual([first, second]);
    const none = await kopsJson<Failure>(['archives', 'list', ...from(), '--topics', 'nope*'], {
      code: 10,
    });
    expect(none.error).toMatchObject({ message: "no archive holds a topic that matches 'nope*'" });
  });
});

describe('archives that are named', () => {
  it('may be named by a short id, wherever an id is taken', async () => {
    const show = await kopsJson<{ summary: { archive: string } }>([
      'archives',
      'show',
      ...from(),
      '--archive',
      'bbbb',
    ]);
    expect(show.summary.archive).toBe(third);
    const { error } = await kopsJson<Failure>(['verify', ...from(), '--archive', 'aaaa'], {
      code: 2,
    });
    expect(error.hint).toContain(`${first}, ${second}`);
  });

  it.each([['list'], ['show']])('archives %s fails for a cluster that has none', async (name) => {
    const { error } = await kopsJson<Failure>(['archives', name, ...from(), '--cluster', 'nope'], {
      code: 10,
    });
    expect(error).toMatchObject({ code: 'KOPS_ARCHIVE_NOT_FOUND' });
    expect(error.hint).toContain(cluster);
  });
});
