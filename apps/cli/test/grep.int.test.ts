import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kopsJson, runKops, type KopsRun } from './run-kops.ts';
import { endAll, start } from './start-kops.ts';
import {
  batchOf,
  damageFirstSegment,
  firstTime,
  markerOf,
  recordAt,
  storeArchive,
  transactionOf,
} from './stored-archive.ts';

let folder: string;
let repository: string;
let archive: string;

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const records = (from: number, count: number, topic: string) =>
  Array.from({ length: count }, (_, index) =>
    recordAt(from + index, { value: text(`{"topic":"${topic}","order":${String(from + index)}}`) }),
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-grep-'));
  repository = join(folder, 'repository');
  archive = await storeArchive(repository, {
    orders: [
      [
        [batchOf(records(0, 50, 'orders')), batchOf(records(50, 50, 'orders'))],
        [batchOf(records(100, 50, 'orders'))],
      ],
      [
        [
          transactionOf([recordAt(0, { key: text('kept-1') })]),
          markerOf(1, 'commit'),
          transactionOf([recordAt(2, { key: text('gone-1') })]),
          markerOf(3, 'abort'),
          batchOf([
            recordAt(4, { key: null, value: new Uint8Array([255, 0, 110, 101, 101, 100]) }),
            recordAt(5, { key: text('esc'), value: text('\u001b[2J needle') }),
            recordAt(6, { headers: [{ key: 'trace', value: text('t-needle') }] }),
            recordAt(7, { timestamp: -1n, value: text('timeless') }),
          ]),
        ],
      ],
    ],
    payments: [[[batchOf(records(0, 20, 'payments'))]]],
  });
});
afterAll(async () => {
  await endAll();
  await rm(folder, { recursive: true, force: true });
});

const grep = (...args: string[]): Promise<KopsRun> =>
  runKops(['grep', ...args, '--repository', repository]);

/** Partition and offset of each line. */
const places = ({ stdout }: KopsRun): string[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('  ', 2).join('/'));

describe('kops grep', () => {
  it('finds what is there, with its place, in order, over topics and partitions', async () => {
    const found = await grep('"order":1');
    expect(found.code, found.stderr).toBe(0);
    const ten = Array.from({ length: 10 }, (_, index) => 10 + index);
    const inOrders = [1, ...ten, ...Array.from({ length: 50 }, (_, index) => 100 + index)];
    expect(places(found)).toEqual([
      ...inOrders.map((offset) => `orders-0/${String(offset)}`),
      ...[1, ...ten].map((offset) => `payments-0/${String(offset)}`),
    ]);
    expect(found.stdout).toContain(
      'orders-0  117  2026-02-25T06:15:17.000Z  key-117  {"topic":"orders","order":117}\n',
    );
    expect(found.stdout).not.toContain('\u001b');
  });

  it('takes a topic, a partition, a key, a value', async () => {
    expect(places(await grep('"order":15', '--topic', 'pay*'))).toEqual(['payments-0/15']);
    expect(places(await grep('key-4', '--key-only', '--topic', 'orders', '--limit', '3'))).toEqual([
      'orders-0/4',
      'orders-0/40',
      'orders-0/41',
    ]);
    expect((await grep('key-4', '--value-only')).code).toBe(10);
    expect(places(await grep('needle', '--partition', '1', '--topic', 'orders'))).toEqual([
      'orders-1/5',
      'orders-1/6',
    ]);
    expect(
      places(await grep('^KEY-1[3]\\d$', '--regexp', '--ignore-case', '--limit', '2')),
    ).toEqual(['orders-0/130', 'orders-0/131']);
    // Of the same pattern without it, nothing.
    expect((await grep('^KEY-1[3]\\d$', '--regexp')).code).toBe(10);
    expect((await grep('^KEY-1[3]\\d$', '--ignore-case')).code).toBe(10);
  });

  it('takes a window of time', async () => {
    const at = (offset: number): string => String(firstTime + offset * 1000);
    const window = ['--from', at(98), '--to', at(102), '--topic', 'orders', '--partition', '0'];
    expect(places(await grep('order', ...window))).toEqual(
      [98, 99, 100, 101].map((offset) => `orders-0/${String(offset)}`),
    );
    expect((await grep('timeless')).stdout).toContain('orders-1  7  (no time)  key-7  timeless');
    expect((await grep('timeless', '--from', '0')).code).toBe(10);
  });

  it('does not read segments that are all older', async () => {
    const copy = join(folder, 'older');
    await cp(repository, copy, { recursive: true });
    await damageFirstSegment(copy, 'orders', 0);
    const args = ['order', '--repository', copy, '--topic', 'orders', '--partition', '0'];
    const from = String(firstTime + 100_000);
    expect((await runKops(['grep', ...args, '--from', from])).code).toBe(0);
    // With the damaged one in the window it is read.
    expect((await runKops(['grep', ...args])).code).toBe(20);
  });

  it('shows committed records only, unless asked', async () => {
    expect(places(await grep('kept-1'))).toEqual(['orders-1/0']);
    expect((await grep('gone-1')).code).toBe(10);
    expect(places(await grep('gone-1', '--isolation', 'read_uncommitted'))).toEqual(['orders-1/2']);
  });

  it('lets no record act on the terminal, and finds text in bytes that are none', async () => {
    const found = await grep('nee', '--topic', 'orders', '--partition', '1');
    expect(found.stdout).toContain(
      String.raw`orders-1  5  2026-02-25T06:13:25.000Z  esc  \u001b[2J needle`,
    );
    expect(found.stdout).toContain(
      `orders-1  4  2026-02-25T06:13:24.000Z  (null)  binary:\uFFFD${String.raw`\u0000need`}`,
    );
    expect(found.stdout).not.toContain('\u001b');
  });

  it('gives JSON: one document, or a record a line', async () => {
    const document = await kopsJson(['grep', 'needle', '--repository', repository]);
    expect(document).toMatchObject({
      archive,
      records: [
        { topic: 'orders', partition: 1, offset: '5', key: { text: 'esc' } },
        { topic: 'orders', partition: 1, offset: '6', headers: [{ key: 'trace' }] },
      ],
      scanned: 175,
      damaged: [],
    });
    const lines = await grep('needle', '--output', 'ndjson');
    const parsed = lines.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(parsed).toEqual(document['records']);
  });

  it('says when nothing is found, and what is wrong', async () => {
    const nothing = await grep('nowhere');
    expect(nothing).toMatchObject({ code: 10, stdout: '' });
    expect(nothing.stderr).toContain('none of 175 records matches the pattern');
    const failed = await runKops(['grep', 'nowhere', '--repository', repository, '--json']);
    expect(JSON.parse(failed.stdout)).toMatchObject({
      error: { code: 'KOPS_RECORDS_NOT_FOUND', exit: 10 },
    });
    expect((await grep('(', '--regexp')).code).toBe(2);
    expect((await grep('')).code).toBe(2);
    expect((await grep('x', '--key-only', '--value-only')).code).toBe(2);
    expect((await grep('x', '--topic', 'absent')).code).toBe(10);
    expect((await grep('x', '--topic', 'orders', '--partition', '9')).code).toBe(10);
  });

  it('goes on behind damage, tells of it, and ends with 20', async () => {
    const copy = join(folder, 'damaged');
    await cp(repository, copy, { recursive: true });
    await damageFirstSegment(copy, 'orders', 0);
    const found = await runKops(['grep', '"order":1', '--repository', copy]);
    expect(found.code).toBe(20);
    expect(found.stderr).toContain('partition 0');
    // The next segment of the same partition, and the topics behind.
    expect(places(found)).toContain('orders-0/117');
    expect(places(found)).toContain('payments-0/1');
    expect(places(found)).not.toContain('orders-0/1');
    const json = await runKops(['grep', '"order":1', '--repository', copy, '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ damaged: [{ code: 'KOPS_BATCH_CORRUPT' }] });
  });

  it('ends quietly when its reader has enough', async () => {
    const { child, ended } = start(['grep', 'order', '--repository', repository]);
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await ended).toEqual([0, null]);
  });
});
