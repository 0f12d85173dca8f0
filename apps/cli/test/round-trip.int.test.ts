import { cp, mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  assertSameRecords,
  compareRecords,
  contentFields,
  kafkaAdmin,
  openJavaProducer,
  produceWithJava,
  readWithJava,
  readWithKcat,
  sandboxKafka,
  sendAll,
  type OracleRecord,
} from '@kops/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ArchiveDetail } from '../src/archives/archive-detail.ts';
import type { ListedArchive } from '../src/archives/list-archives.ts';
import type { ShownBytes, ShownRecord } from '../src/records/shown-record.ts';
import { fileModes } from './file-modes.ts';
import { kopsJson, runKops } from './run-kops.ts';

/** A value as it comes out of JSON: bigint as text. */
type Json<T> = T extends bigint
  ? string
  : T extends object
    ? { readonly [K in keyof T]: Json<T[K]> }
    : T;

interface BackupJson {
  readonly started: { readonly parent: string | null };
  readonly archives: readonly {
    readonly archive: string;
    readonly records: number;
    readonly newBytes: number;
    readonly bytes: number;
  }[];
}

interface CatJson {
  readonly archive: string;
  readonly records: readonly ShownRecord[];
}

const sandbox = sandboxKafka({ beforeAll, afterAll });
const topics = ['orders', 'odd', 'traded'];
const withoutOffset = contentFields.filter((field) => field !== 'offset');

let folder: string;
let repository: string;
let server: string;

async function produce(): Promise<void> {
  const kafka = sandbox();
  const admin = kafkaAdmin(kafka);
  await admin.createTopic({ topic: 'orders', partitions: 3 });
  await admin.createTopic({ topic: 'odd' });
  await admin.createTopic({ topic: 'traded' });
  for (const codec of ['none', 'gzip', 'zstd', 'lz4', 'snappy']) {
    await produceWithJava(
      kafka,
      [{ do: 'generate', topic: 'orders', count: 600, partitions: 3, valueBytes: 200, keys: 40 }],
      { config: { 'compression.type': codec } },
    );
  }
  await produceWithJava(kafka, [
    { do: 'send', topic: 'odd', partition: 0, key: null, value: null, headers: [] },
    {
      do: 'send',
      topic: 'odd',
      partition: 0,
      key: 'k',
      value: 'grüße',
      headers: [
        ['a', '1'],
        ['a', null],
        ['b', new Uint8Array([250])],
      ],
    },
    {
      do: 'send',
      topic: 'odd',
      partition: 0,
      key: new Uint8Array([255, 254]),
      value: new Uint8Array([0, 1, 200]),
      timestamp: 0n,
    },
    { do: 'send', topic: 'odd', partition: 0, key: '', value: 'one\ntwo\u001b[31mred' },
  ]);
  await using trader = await openJavaProducer(kafka, { config: { 'transactional.id': 'trader' } });
  for (let round = 0; round < 6; round++) {
    await trader.run([
      { do: 'begin' },
      ...sendAll({ topic: 'traded', partition: 0 }, [`${String(round)} a`, `${String(round)} b`]),
      { do: round % 3 === 1 ? 'abort' : 'commit' },
    ]);
  }
  await admin.commitOffsets(
    'billing',
    [0, 1, 2].map((partition) => ({ topic: 'orders', partition, offset: 150n, metadata: 'mark' })),
  );
}

const base64 = (bytes: ShownBytes): string | null =>
  bytes === null
    ? null
    : 'text' in bytes
      ? Buffer.from(bytes.text).toString('base64')
      : bytes.base64;

/** What kops printed, in the shape of what Kafka's own consumer read. */
function asContent({ offset, timestamp, key, value, headers }: ShownRecord): unknown[] {
  return [
    offset,
    timestamp,
    base64(key),
    base64(value),
    headers.map((header) => [header.key, base64(header.value)]),
  ];
}

function oracleContent({ offset, timestamp, key, value, headers }: OracleRecord): unknown[] {
  return [String(offset), String(timestamp), key, value, headers];
}

async function catAll(topic: string, partition: number): Promise<ShownRecord[]> {
  const run = await runKops([
    'cat',
    '--repository',
    repository,
    '--topic',
    topic,
    '--partition',
    String(partition),
    '--output',
    'ndjson',
  ]);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  return run.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ShownRecord);
}

const renamed = (records: readonly OracleRecord[], prefix: string): OracleRecord[] =>
  records.map((record) => ({ ...record, topic: `${prefix}${record.topic}` }));

describe('a round trip on the command line', () => {
  let first: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kops-cli-'));
    repository = join(folder, 'repository');
    server = sandbox().bootstrapServers;
    await produce();
    const plan = await kopsJson<BackupJson>([
      'backup',
      '--bootstrap-server',
      server,
      '--repository',
      repository,
      '--dry-run',
    ]);
    expect(plan.archives).toEqual([]);
    const backup = await kopsJson<BackupJson>([
      'backup',
      '--bootstrap-server',
      server,
      '--repository',
      repository,
    ]);
    expect(backup.started.parent).toBeNull();
    first = backup.archives[0]!.archive;
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('lets nobody but the owner read the repository, or whom backup.fileMode says', async () => {
    expect(await fileModes(repository)).toEqual(['100600', '40700']);
    const shared = join(folder, 'shared');
    await kopsJson(
      ['backup', '--bootstrap-server', server, '--repository', shared, '--topics', 'odd'],
      { env: { KOPS_BACKUP_FILE_MODE: '0640' } },
    );
    expect(await fileModes(shared)).toEqual(['100640', '40750']);
  });

  it('lists and shows what was archived', async () => {
    const { archives } = await kopsJson<{ archives: Json<ListedArchive>[] }>([
      'archives',
      'list',
      '--repository',
      repository,
    ]);
    expect(archives).toMatchObject([
      {
        archive: first,
        error: null,
        summary: {
          kind: 'snapshot',
          parent: null,
          topics: 3,
          partitions: 5,
          groups: 1,
          losses: { count: 0, offsets: 0 },
        },
      },
    ]);
    const human = await runKops(['archives', 'list', '--repository', repository]);
    expect(human.stdout.trimEnd().split('\n').at(-1)).toMatch(
      new RegExp(`^${first} .* snapshot +all topics +3 +5 +[0-9,]+ +[0-9.]+ KiB +none +-$`),
    );
    const detail = await kopsJson<Json<ArchiveDetail>>([
      'archives',
      'show',
      '--repository',
      repository,
    ]);
    const ranges = await kafkaAdmin(sandbox()).listOffsets(topics);
    const shown = detail.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partition, logStart, cut, mode }) => ({
        topic: name,
        partition,
        start: BigInt(logStart),
        end: BigInt(cut),
        mode,
      })),
    );
    const order = (
      a: { topic: string; partition: number },
      b: { topic: string; partition: number },
    ): number => a.topic.localeCompare(b.topic) || a.partition - b.partition;
    expect(shown.sort(order)).toEqual(
      ranges.map((range) => ({ ...range, mode: 'baseline' })).sort(order),
    );
    expect(detail.groups).toMatchObject([
      { group: 'billing', offsets: [{ offset: '150' }, { offset: '150' }, { offset: '150' }] },
    ]);
    const ofTopic = await runKops([
      'archives',
      'show',
      '--repository',
      repository,
      '--topic',
      'ord*',
    ]);
    expect(ofTopic.stdout).toContain('orders-2');
    expect(ofTopic.stdout).not.toContain('odd-0');
  });

  it('prints every record that a consumer reads, and no other', async () => {
    const source = await readWithJava(sandbox(), { topics, isolation: 'read_committed' });
    for (const [topic, partition] of [
      ['orders', 0],
      ['orders', 1],
      ['orders', 2],
      ['odd', 0],
      ['traded', 0],
    ] as const) {
      const expected = source
        .filter((record) => record.topic === topic && record.partition === partition)
        .map(oracleContent);
      expect(expected.length).toBeGreaterThan(3);
      expect((await catAll(topic, partition)).map(asContent)).toEqual(expected);
    }
  });

  it('prints a range, as JSON and for people, and ends quietly when nobody reads on', async () => {
    const range = [
      'cat',
      '--repository',
      repository,
      '--topic',
      'orders',
      '--partition',
      '1',
      '--from-offset',
      '500',
      '--count',
      '3',
    ];
    const json = await kopsJson<CatJson>(range);
    expect(json.archive).toBe(first);
    expect(json.records.map(({ offset }) => offset)).toEqual(['500', '501', '502']);
    const odd = await runKops([
      'cat',
      '--repository',
      repository,
      '--topic',
      'odd',
      '--partition',
      '0',
    ]);
    expect(odd.stdout.split('\n').map((line) => line.replace(/\d{4}-\S+Z/, 'T'))).toEqual([
      '0  T  (null)  (null)',
      '1  T  k  grüße  [a=1, a=(null), b=base64:+g==]',
      '2  T  base64://4=  base64:AAHI',
      String.raw`3  T  (empty)  one\ntwo\u001b[31mred`,
      '',
    ]);
    const uncommitted = await kopsJson<CatJson>([
      'cat',
      '--repository',
      repository,
      '--topic',
      'traded',
      '--partition',
      '0',
      '--isolation',
      'read_uncommitted',
    ]);
    expect(uncommitted.records).toHaveLength(12);
  });

  it.each(['manifest', 'checksum', 'structure'])(
    'finds nothing wrong at the level %s',
    async (level) => {
      const { verification } = await kopsJson<{ verification: { status: string; level: string } }>([
        'verify',
        '--repository',
        repository,
        '--level',
        level,
      ]);
      expect(verification).toMatchObject({ status: 'ok', level, archive: first });
    },
  );

  it('finds one changed byte, and says where', async () => {
    const damaged = join(folder, 'damaged');
    await cp(repository, damaged, { recursive: true });
    const segment = (await readdir(damaged, { recursive: true })).find((name) =>
      name.endsWith('.log'),
    )!;
    await using file = await open(join(damaged, segment), 'r+');
    const byte = new Uint8Array(1);
    await file.read(byte, 0, 1, 100);
    await file.write(new Uint8Array([byte[0]! ^ 1]), 0, 1, 100);
    const report = join(folder, 'verify-report');
    const run = await kopsJson<{
      verification: { status: string; findings: { at: { segment: string } }[] };
      report: string;
    }>(['verify', '--repository', damaged, '--report-dir', report], { code: 20 });
    expect(run.verification.status).toBe('damaged');
    expect(run.verification.findings[0]!.at.segment).toBe(segment);
    expect(JSON.parse(await readFile(run.report, 'utf8'))).toMatchObject({
      verification: { status: 'damaged' },
    });
    const human = await runKops(['verify', '--repository', damaged, '--level', 'checksum']);
    expect(human).toMatchObject({ code: 20 });
    expect(human.stdout).toContain(segment);
  });

  it('restores under other names what every client reads like the source', async (context) => {
    const renames = topics.flatMap((topic) => ['--rename', `${topic}=r-${topic}`]);
    const restore = [
      'restore',
      '--repository',
      repository,
      '--bootstrap-server',
      server,
      ...renames,
      '--report-dir',
      join(folder, 'reports'),
    ];
    const planned = await kopsJson<{
      plan: { refusals: unknown[]; topics: unknown[] };
      result: null;
    }>([...restore, '--dry-run']);
    expect(planned).toMatchObject({
      result: null,
      plan: {
        refusals: [],
        topics: [{ target: 'r-odd' }, { target: 'r-orders' }, { target: 'r-traded' }],
      },
    });
    const human = await runKops(restore);
    expect(human.code, human.stderr).toBe(0);
    // What the plan warned of before is not said again after.
    const said = (human.stderr + human.stdout).split('\n').filter((line) => line !== '');
    const warnings = said.filter((line) =>
      /^ {2}(?:.*r-orders.*is restored when|offsets of .* are mapped)/.test(line),
    );
    expect(warnings).toHaveLength(2);
    expect(new Set(warnings).size).toBe(warnings.length);
    expect(human.stdout).toMatch(/^r-orders +orders +3 +3,000 /m);
    expect(human.stdout).toMatch(/^billing +set +3 +0$/m);
    const path = /^Report: (.+)$/m.exec(human.stdout)![1]!;
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
      result: { status: 'complete', groups: [{ group: 'billing', status: 'set' }] },
    });

    const plain = renamed(await readWithJava(sandbox(), { topics: ['orders', 'odd'] }), 'r-');
    const restored = await readWithJava(sandbox(), { topics: ['r-orders', 'r-odd'] });
    expect(assertSameRecords(plain, restored)).toBe(3004);
    // Negative control: one record less is a difference.
    expect(compareRecords(plain, restored.slice(1)).equal).toBe(false);
    const traded = renamed(
      await readWithJava(sandbox(), { topics: ['traded'], isolation: 'read_committed' }),
      'r-',
    );
    expect(
      assertSameRecords(traded, await readWithJava(sandbox(), { topics: ['r-traded'] }), {
        fields: withoutOffset,
      }),
    ).toBe(8);
    const offsets = (await kafkaAdmin(sandbox()).listGroupOffsets('billing')).filter(
      ({ topic }) => topic === 'r-orders',
    );
    expect(offsets.map(({ offset, metadata }) => [offset, metadata])).toEqual(
      Array.from({ length: 3 }, () => [150n, 'mark']),
    );

    const kcat = await readWithKcat(server, { topics: ['r-orders', 'r-odd'] });
    if ('skipped' in kcat) return context.skip(kcat.skipped);
    const content = ({
      topic,
      partition,
      offset,
      timestamp,
      key,
      value,
    }: OracleRecord | (typeof kcat.records)[number]): unknown[] => [
      topic,
      partition,
      offset,
      timestamp,
      key,
      value,
    ];
    expect(kcat.records.map(content)).toEqual(
      [...restored]
        .sort((a, b) => (a.topic === b.topic ? 0 : a.topic < b.topic ? -1 : 1))
        .map(content),
    );
  });

  it('promises the offsets that come, and refuses what cannot be', async () => {
    interface PlanJson {
      readonly plan: {
        readonly topics: { partitions: { strategy: string; reasons: string[] }[] }[];
        readonly refusals: { message: string }[];
      };
      readonly result: {
        readonly topics: { readonly partitions: { strategy: string }[] }[];
      } | null;
    }
    const target = ['--bootstrap-server', server, '--report-dir', join(folder, 'reports')];
    const traded = ['restore', '--repository', repository, ...target, '--topics', 'traded'];
    const auto = [...traded, '--rename', 'traded=promised', '--groups', 'none'];
    const { plan, result } = await kopsJson<PlanJson>(auto);
    expect(plan.topics[0]?.partitions).toMatchObject([
      { strategy: 'mapped', reasons: ['6 transaction markers not restored'] },
    ]);
    expect(result?.topics[0]?.partitions).toMatchObject([{ strategy: 'mapped' }]);
    await kafkaAdmin(sandbox()).deleteTopics('promised');

    const exact = [
      ...traded,
      '--rename',
      'traded=refused',
      '--groups',
      'none',
      '--offsets',
      'exact',
    ];
    const dry = await kopsJson<PlanJson>([...exact, '--dry-run'], { code: 12 });
    expect(dry.plan.refusals[0]?.message).toContain('6 transaction markers');
    const real = await runKops(exact);
    expect(real.code).toBe(12);
    expect(real.stderr).toMatch(
      /offsets of traded-0 cannot be kept exactly: 6 transaction markers/,
    );
    expect(await kafkaAdmin(sandbox()).listTopics()).not.toContain('refused');
  });

  it('does not take a restore of nothing for success', async () => {
    const restore = ['restore', '--repository', repository, '--bootstrap-server', server];
    const never = ['--rename', 'orders=never', '--topics', 'orders', '--groups', 'none'];
    for (const more of [
      ['--to', '2001-01-01T00:00:00Z'],
      ['--from', '2100-01-01T00:00:00Z'],
    ]) {
      for (const dry of [[], ['--dry-run']]) {
        const run = await runKops([...restore, ...never, ...more, ...dry]);
        expect(run.code, run.stdout + run.stderr).toBe(10);
        expect(run.stderr).toMatch(/has no record (from 2100-|before 2001-).* in 'orders'/);
        expect(run.stderr).toMatch(/^Try: {3}Correct --from and --to/m);
      }
    }
    expect(await kafkaAdmin(sandbox()).listTopics()).not.toContain('never');
  });

  it('proves by a drill that all can be recovered, and misses an objective that cannot be met', async () => {
    const reports = join(folder, 'drills');
    const drill = [
      'drill',
      '--repository',
      repository,
      '--sandbox',
      'external',
      '--bootstrap-server',
      server,
      '--report-dir',
      reports,
    ];
    const report = await kopsJson<{ report: string }>(drill);
    expect(report).toMatchObject({
      status: 'ok',
      records: 3012,
      equalRecords: 3012,
      groups: 1,
      errors: 0,
    });
    const proven = await kopsJson<{ selfTest: { passed: boolean }[] }>([
      ...drill,
      '--topics',
      'orders',
      '--self-test',
    ]);
    expect(proven.selfTest.length).toBeGreaterThan(4);
    expect(proven.selfTest.every(({ passed }) => passed)).toBe(true);
    expect(JSON.parse(await readFile(report.report, 'utf8'))).toMatchObject({
      status: 'ok',
      archive: first,
    });
    const missed = await runKops([...drill, '--topics', 'odd', '--rto', '1ms']);
    expect(missed.code).toBe(22);
    // A drill takes away what it made.
    const left = (await kafkaAdmin(sandbox()).listTopics()).filter(
      (name) => !name.startsWith('__'),
    );
    expect(left.sort()).toEqual([...topics, ...topics.map((topic) => `r-${topic}`)].sort());
  });

  it('stores only what is new in the next backup', async () => {
    await produceWithJava(
      sandbox(),
      sendAll({ topic: 'orders', partition: 0 }, ['new 1', 'new 2']),
    );
    const backup = await kopsJson<BackupJson>([
      'backup',
      '--bootstrap-server',
      server,
      '--repository',
      repository,
      '--topics',
      topics.join(','),
    ]);
    expect(backup.started.parent).toBe(first);
    const [second] = backup.archives;
    expect(second!.newBytes).toBeGreaterThan(0);
    expect(second!.newBytes).toBeLessThan(second!.bytes / 100);
    const { archives } = await kopsJson<{ archives: Json<ListedArchive>[] }>([
      'archives',
      'list',
      '--repository',
      repository,
    ]);
    expect(archives.map(({ archive, summary }) => [archive, summary?.parent])).toEqual([
      [first, null],
      [second!.archive, first],
    ]);
    const orders = await catAll('orders', 0);
    expect(orders.slice(-2).map(({ value }) => value)).toEqual([
      { text: 'new 1' },
      { text: 'new 2' },
    ]);
    // The first archive still shows what it showed.
    const before = await kopsJson<CatJson>([
      'cat',
      '--repository',
      repository,
      '--archive',
      first,
      '--topic',
      'orders',
      '--partition',
      '0',
    ]);
    expect(before.records).toHaveLength(orders.length - 2);
  });

  it('estimates and examines the cluster and the repository', async () => {
    const estimate = await kopsJson([
      'estimate',
      '--bootstrap-server',
      server,
      '--repository',
      repository,
      '--topics',
      'orders,odd',
      '--rate',
      '100MiB/s',
    ]);
    expect(estimate).toMatchObject({
      partitions: 4,
      copies: 1,
      partitionCopies: 4,
      offsets: 3006,
      newBytes: 0,
      fits: true,
      places: [{ archivedOffsets: 3006, newOffsets: 0 }],
    });
    const { checks } = await kopsJson<{ checks: { name: string; status: string }[] }>([
      'doctor',
      '--bootstrap-server',
      server,
      '--repository',
      repository,
    ]);
    expect(checks.filter(({ status }) => status === 'fail')).toEqual([]);
    expect(checks.filter(({ status }) => status === 'ok').map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'brokers',
        'bootstrap',
        'protocol',
        'leaders',
        'replicas',
        'topics',
        'topic configs',
        'reading',
        'groups',
        'repository',
        'writing',
        'free space',
      ]),
    );
    expect((await readdir(repository)).sort()).not.toContain('pins');
  });
});
