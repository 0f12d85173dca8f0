import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkJson } from './check-json.ts';
import { runCommand } from './run-command.ts';
import {
  batchOf,
  firstTime,
  markerOf,
  recordAt,
  storeArchive,
  transactionOf,
} from './stored-archive.ts';

let folder: string;
let out: string;

/** Key `customer-0` or `customer-1`, in turns; a second lies between records. */
const order = (offset: number) =>
  recordAt(offset, { key: Buffer.from(`customer-${String(offset % 2)}`) });
const orders = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => order(from + index));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-cat-'));
  out = await mkdtemp(join(tmpdir(), 'kops-cat-out-'));
  const aborted = [transactionOf([order(90), order(91)]), markerOf(92, 'abort')];
  await storeArchive(folder, {
    orders: [
      [[batchOf(orders(0, 40)), batchOf(orders(40, 50)), ...aborted, batchOf(orders(93, 7))]],
    ],
    payments: [[[batchOf(orders(0, 2))]]],
  });
});
afterAll(async () => {
  for (const directory of [folder, out]) await rm(directory, { recursive: true });
});

/** Offsets that are printed. */
async function printed(command: string, ...args: string[]): Promise<number[]> {
  const run = await runCommand(command, [...args, '--repository', folder, '--json']);
  expect(run.code, run.stderr).toBe(0);
  const { records } = JSON.parse(run.stdout) as { records: { offset: string }[] };
  return records.map(({ offset }) => Number(offset));
}

const cat = (...args: string[]): Promise<number[]> =>
  printed('cat', '--topic', 'orders', '--partition', '0', ...args);

const timeOf = (offset: number): string => new Date(firstTime + offset * 1000).toISOString();

describe('kops cat', () => {
  it('prints the records of a time', async () => {
    expect(await cat('--from', timeOf(38), '--to', timeOf(42))).toEqual([38, 39, 40, 41]);
    expect(await cat('--from', timeOf(88), '--count', '3')).toEqual([88, 89, 93]);
    expect(await cat('--from', '-1h', '--to', 'now')).toEqual([]);
  });

  it('says so where nothing is what was asked for', async () => {
    const of = ['--topic', 'orders', '--partition', '0', '--repository', folder];
    const { code, stdout, stderr } = await runCommand('cat', [...of, '--key', 'customer-2']);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toMatch(/^No record of orders-0 in archive \S+ matches the flags\.$/m);
  });

  it('prints the last records, whatever lies between them', async () => {
    expect(await cat('--tail', '3')).toEqual([97, 98, 99]);
    expect(await cat('--tail', '9')).toEqual([88, 89, 93, 94, 95, 96, 97, 98, 99]);
    expect(await cat('--tail', '1000')).toHaveLength(97);
    expect(await cat('--tail', '2', '--to', timeOf(50))).toEqual([48, 49]);
    expect(await cat('--tail', '2', '--from-offset', '99')).toEqual([99]);
  });

  it('prints the records of a key', async () => {
    expect(await cat('--key', 'customer-1', '--count', '2')).toEqual([1, 3]);
    expect(await cat('--key', 'customer-1', '--tail', '4')).toEqual([93, 95, 97, 99]);
    expect(await cat('--key', 'customer')).toEqual([]);
  });
});

describe('--json of what needs an archive only', () => {
  it.each<[string, string[]]>([
    ['archives:list', []],
    ['archives:show', []],
    ['cat', ['--topic', 'orders', '--partition', '0', '--tail', '3']],
    ['export', ['--topics', 'orders', '--output', 'OUT']],
    ['grep', ['customer-1']],
    ['verify', []],
  ])('is as the schema of %s says', async (id, args) => {
    const given = args.map((arg) => (arg === 'OUT' ? join(out, 'orders.ndjson') : arg));
    const run = await runCommand(id, [...given, '--repository', folder, '--json']);
    expect(run.code, run.stderr).toBe(0);
    checkJson(id.split(':'), JSON.parse(run.stdout));
  });
});

describe('topics', () => {
  it('are named with --topics everywhere: with commas, again, as globs, and as --topic', async () => {
    const keys = ['grep', 'customer-1'] as const;
    const both = await printed(...keys, '--topics', 'orders,payments');
    expect(both).toHaveLength(50);
    expect(await printed(...keys, '--topics', 'orders', '--topics', 'pay*')).toEqual(both);
    expect(await printed(...keys, '--topic', 'orders', '--topic', 'payments')).toEqual(both);
    expect(await printed(...keys, '--topics', 'payments')).toEqual([1]);
    expect(await printed('cat', '--topics', 'payments', '--partition', '0')).toEqual([0, 1]);
  });

  it('are a flag called topics of every command that takes several', async () => {
    const run = await runCommand('archives:show', [
      '--repository',
      folder,
      '--topic',
      'pay*',
      '--json',
    ]);
    const { topics } = JSON.parse(run.stdout) as { topics: { name: string }[] };
    expect(topics.map(({ name }) => name)).toEqual(['payments']);
  });
});
