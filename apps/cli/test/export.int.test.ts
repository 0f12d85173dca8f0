import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkDocument, indexDefinitions } from '@kops/catalog';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
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

interface Line {
  readonly _id: string;
  readonly _index: string;
  readonly message?: string;
  readonly kafka: Readonly<Record<string, unknown>>;
  readonly kops: Readonly<Record<string, unknown>>;
}

let folder: string;
let repository: string;
let archive: string;
/** Some 90 MB of documents. */
let large: string;
const largeCount = 60_000;

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const recordsFrom = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => recordAt(from + index));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-export-'));
  repository = join(folder, 'repository');
  archive = await storeArchive(repository, {
    orders: [
      [[batchOf(recordsFrom(0, 30))], [batchOf(recordsFrom(30, 30))]],
      [
        [
          transactionOf([recordAt(0)]),
          markerOf(1, 'commit'),
          transactionOf([recordAt(2)]),
          markerOf(3, 'abort'),
          batchOf([
            recordAt(4, { key: null, value: null }),
            recordAt(5, { value: new Uint8Array([255, 0, 1]), timestamp: -1n }),
            recordAt(6, {
              headers: [
                { key: 'a', value: text('1') },
                { key: 'a', value: null },
              ],
            }),
            recordAt(7, { value: text('{"big":12345678901234567890,"price":1.10}') }),
          ]),
        ],
      ],
    ],
    'Pay ments': [[[batchOf(recordsFrom(0, 5))]]],
  });
  large = join(folder, 'large');
  const note = 'x'.repeat(1000);
  const batches = Array.from({ length: largeCount / 500 }, (_, batch) =>
    batchOf(
      recordsFrom(batch * 500, 500).map((record) => ({
        ...record,
        value: text(`{"n":"${note}"}`),
      })),
    ),
  );
  await storeArchive(large, { orders: [[batches]] });
});
afterEach(endAll);
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const exportTopic = (topic: string, ...args: string[]): Promise<KopsRun> =>
  runKops(['export', '--topic', topic, '--repository', repository, ...args]);

const linesOf = ({ stdout }: KopsRun): Line[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

/** Partition and offset of each line. */
const places = (lines: readonly Line[]): string[] =>
  lines.map(({ kafka }) => `${String(kafka['partition'])}/${String(kafka['offset'])}`);

async function configOf(catalog: unknown): Promise<string[]> {
  const path = join(folder, `kops-${String(Math.random()).slice(2)}.yaml`);
  await writeFile(path, JSON.stringify({ catalog }));
  return ['--config', path];
}

describe('kops export', () => {
  it('writes a document of the mapping for each record that a consumer sees', async () => {
    const run = await exportTopic('orders', '--format', 'ndjson');
    expect(await exportTopic('orders', '--output', '-')).toEqual(run);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toContain('Exported 65 records of topic orders');
    const lines = linesOf(run);
    expect(places(lines)).toEqual([
      ...Array.from({ length: 60 }, (_, offset) => `0/${String(offset)}`),
      ...[0, 4, 5, 6, 7].map((offset) => `1/${String(offset)}`),
    ]);
    for (const line of lines) {
      const { _id, _index, ...document } = line;
      expect(Object.keys(line).slice(0, 2)).toEqual(['_id', '_index']);
      expect(_index).toBe('kops-records-orders');
      expect(_id).toBe(
        `${String(document.kops['lineage'])}.${String(document.kafka['partition'])}.${String(document.kafka['offset'])}`,
      );
      expect(document.kops).toMatchObject({ archive, level: 'full' });
      expect(checkDocument(indexDefinitions.records.mappings, document)).toEqual([]);
    }
    expect(new Set(lines.map(({ _id }) => _id)).size).toBe(65);
    // All digits, which JSON.parse would not keep.
    expect(run.stdout).toContain('"value":{"big":12345678901234567890,"price":1.10}');
  });

  it('takes a partition, a window of time, and topics with names that no index can have', async () => {
    const at = (offset: number): string => String(firstTime + offset * 1000);
    const window = await exportTopic(
      'orders',
      '--partition',
      '0',
      '--from',
      at(28),
      '--to',
      at(31),
    );
    expect(places(linesOf(window))).toEqual(['0/28', '0/29', '0/30']);
    const [first] = linesOf(await exportTopic('Pay*'));
    expect(first?._index).toMatch(/^kops-records-pay_ments~[0-9a-f]{16}$/);
    expect(linesOf(await exportTopic('*'))).toHaveLength(70);
    expect((await exportTopic('absent')).code).toBe(10);
    expect((await exportTopic('orders', '--partition', '7')).code).toBe(10);
    expect((await runKops(['export', '--repository', repository])).code).toBe(2);
  });

  it('takes offsets of a partition, and not fewer than were asked for', async () => {
    const take = (topic: string, ...args: string[]) =>
      exportTopic(topic, '--partition', '0', ...args);
    // Over the end of the first segment.
    const some = await take('orders', '--from-offset', '28', '--to-offset', '31');
    expect(places(linesOf(some))).toEqual(['0/28', '0/29', '0/30']);
    expect(linesOf(await take('orders', '--from-offset', '45'))).toHaveLength(15);
    expect(linesOf(await take('orders', '--to-offset', '2'))).toHaveLength(2);
    const beyond = await take('orders', '--to-offset', '61');
    expect(beyond).toMatchObject({ code: 2, stdout: '' });
    expect(beyond.stderr).toContain('offsets 0 to 59 of orders-0, so --to-offset 61 is too large');
    expect((await take('orders', '--from-offset', '61')).stderr).toContain('not 61');
    expect((await take('orders', '--from-offset', '5', '--to-offset', '5')).code).toBe(2);
    expect((await take('*', '--from-offset', '1')).stderr).toContain('need exactly one topic');
    expect((await exportTopic('orders', '--from-offset', '1')).code).toBe(2);
  });

  it('writes values whole, unless a cap is asked for or a rule has one', async () => {
    const long = join(folder, 'long');
    const note = 'ä'.repeat(200_000);
    const value = text(`{"order":1,"note":"${note}"}`);
    await storeArchive(long, { orders: [[[batchOf([recordAt(0, { value }), recordAt(1)])]]] });
    const take = (...args: string[]) =>
      runKops(['export', '--topic', 'orders', '--repository', long, ...args]);
    const whole = await take();
    expect(whole.stderr).not.toContain('cut');
    const [first] = linesOf(whole);
    expect(first?.message).toBe(new TextDecoder().decode(value));
    expect(first?.kafka['value']).toEqual({ order: 1, note });
    expect(first?.kops).not.toHaveProperty('truncated');
    const cut = await take('--max-value-bytes', '1KiB');
    expect(cut.stderr).toContain('Exported 2 records of topic orders; 1 truncated');
    expect(Buffer.byteLength(linesOf(cut)[0]?.message ?? '')).toBeLessThanOrEqual(1024);
    expect(linesOf(cut)[0]?.kops).toMatchObject({ truncated: ['value'] });
    // As the indexer has it.
    const config = await configOf({ records: [{ topics: '*', level: 'full' }] });
    const ruled = linesOf(await take(...config))[0];
    expect(Buffer.byteLength(ruled?.message ?? '')).toBeLessThanOrEqual(65_536);
    const more = linesOf(await take('--max-value-bytes', '1GiB', ...config))[0];
    expect(more?.message).toBe(first?.message);
  });

  it('follows the rule of the topic, masks at every level', async () => {
    const masks = [{ field: 'value.card', action: 'redact' }];
    const config = await configOf({
      prefix: 'mine',
      records: [
        { topics: 'orders', level: 'full', masks },
        { topics: 'Pay*', level: 'none' },
      ],
    });
    const masked = await exportTopic('orders', ...config);
    expect(masked.stdout).toContain('[redacted]');
    expect(masked.stdout).not.toContain('4929-');
    expect(linesOf(masked)[0]?._index).toBe('mine-records-orders');
    // Without the rule it is there.
    expect((await exportTopic('orders')).stdout).toContain('4929-');
    const metadata = linesOf(await exportTopic('orders', '--level', 'metadata', ...config));
    expect(metadata[0]?.kops['level']).toBe('metadata');
    expect(metadata.some((line) => 'message' in line || 'key' in line.kafka)).toBe(false);
    const refused = await exportTopic('*', ...config);
    expect(refused).toMatchObject({ code: 12, stdout: '' });
    expect(refused.stderr).toContain("excludes topic 'Pay ments'");
    expect(linesOf(await exportTopic('Pay ments', '--level', 'keys', ...config))).toHaveLength(5);
    expect((await exportTopic('orders', '--level', 'none')).code).toBe(2);
  });

  it('writes a file whole or not at all', async () => {
    const path = join(folder, 'orders.ndjson');
    const args = ['export', '--topic', 'orders', '--output', path];
    const result = await kopsJson([...args, '--repository', repository]);
    expect(result).toEqual({ archive, topics: ['orders'], documents: 65, cut: 0, output: path });
    const written = await readFile(path, 'utf8');
    expect(written).toBe((await exportTopic('orders')).stdout);
    const copy = join(folder, 'damaged');
    await cp(repository, copy, { recursive: true });
    await damageFirstSegment(copy, 'orders', 1);
    const refused = await runKops([...args, '--repository', copy]);
    expect(refused.code).toBe(12);
    expect(refused.stderr).toMatch(/the file exists[\s\S]*orders\.ndjson[\s\S]*--overwrite/);
    const failed = await runKops([...args, '--repository', copy, '--overwrite']);
    expect(failed.code).toBe(20);
    expect(await readFile(path, 'utf8')).toBe(written);
    expect((await readdir(folder)).filter((name) => name.endsWith('.new'))).toEqual([]);
    const again = await runKops([...args, '--repository', repository, '--overwrite']);
    expect(again.code, again.stderr).toBe(0);
    expect((await exportTopic('orders', '--overwrite')).code).toBe(2);
    const nowhere = await exportTopic('orders', '--output', join(folder, 'no', 'such', 'folder'));
    expect(nowhere.code).toBe(2);
    expect((await exportTopic('orders', '--json')).code).toBe(2);
  });

  it('needs no more memory for much than for little, and reads no faster than it is read', async () => {
    const env = { NODE_OPTIONS: '--max-old-space-size=78' };
    const args = ['export', '--topic', 'orders', '--repository', large];
    const { child, ended, output } = start([...args, '--level', 'full'], env);
    child.stdout?.pause();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(child.exitCode).toBeNull();
    child.stdout?.resume();
    expect((await ended)[0]).toBe(0);
    expect(output().length).toBeGreaterThan(80_000_000);
    expect(output().match(/\n\{"_id"/g)).toHaveLength(largeCount - 1);
  });

  it('ends quietly when its reader has enough', async () => {
    const { child, ended, output } = start(['export', '--topic', 'orders', '--repository', large]);
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await ended).toEqual([0, null]);
    expect(output()).not.toMatch(/Error|Warning|Exported/);
  });

  it('ends with 130 when it is interrupted, and leaves no file', async () => {
    const path = join(folder, 'interrupted.ndjson');
    const { child, ended } = start([
      'export',
      '--topic',
      'orders',
      '--repository',
      large,
      '--output',
      path,
    ]);
    while (!(await readdir(folder)).some((name) => /^interrupted\.ndjson\..*\.new$/.test(name)))
      await new Promise((resolve) => setTimeout(resolve, 5));
    // All of it is one run of a segment, for it compresses well: it is heard within as well.
    await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill('SIGINT');
    expect(await ended).toEqual([130, null]);
    expect((await readdir(folder)).filter((name) => name.startsWith('interrupted'))).toEqual([]);
  });
});
