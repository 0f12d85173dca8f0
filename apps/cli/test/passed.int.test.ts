import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createServer, type AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runKafkaTool } from '@kops/kafka-dist';
import {
  assertSameRecords,
  contentFields,
  kafkaAdmin,
  openJavaProducer,
  produceWithJava,
  readWithJava,
  sandboxKafka,
  sendAll,
  type OracleRecord,
} from '@kops/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cleanEnv, kopsJson, program, runKops, type KopsRun } from './run-kops.ts';
import { endAll, saying, start, until } from './start-kops.ts';

const sandbox = sandboxKafka({ beforeAll, afterAll });
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-passed-'));
});
afterEach(endAll);
afterAll(async () => rm(folder, { recursive: true, force: true }));

const env = { KOPS_BACKUP_SEGMENT_BYTES: '1MiB' };
const withoutOffset = contentFields.filter((field) => field !== 'offset');
const topics = ['orders', 'traded'];

async function produceOrders(count: number, seed: number): Promise<void> {
  await produceWithJava(sandbox(), [
    { do: 'generate', topic: 'orders', count, partitions: 3, valueBytes: 1000, seed },
  ]);
}

async function trade(rounds: number): Promise<void> {
  await using trader = await openJavaProducer(sandbox(), {
    config: { 'transactional.id': 'trader' },
  });
  for (let round = 0; round < rounds; round++) {
    const values = ['a', 'b', 'c'].map((name) => `${String(round)} ${name} ${'.'.repeat(100)}`);
    await trader.run([
      { do: 'begin' },
      ...sendAll({ topic: 'traded', partition: 0 }, values),
      { do: round % 4 === 1 ? 'abort' : 'commit' },
    ]);
  }
}

/** Bytes of all segments, also of those under way. */
async function segmentBytes(repository: string): Promise<number> {
  const files = await readdir(join(repository, 'segments'), {
    recursive: true,
    withFileTypes: true,
  }).catch(() => []);
  const sizes = files
    .filter((file) => file.isFile())
    .map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** Follows the topics until all there is was read, and is killed. */
async function followAndDie(repository: string): Promise<void> {
  const running = start(
    [
      ...['backup', '--bootstrap-server', sandbox().bootstrapServers, '--repository', repository],
      ...['--topics', topics.join(','), '--follow', '--generation-interval', '1h'],
    ],
    env,
  );
  let last = -1;
  await until('all is read', async () => {
    await sleep(1000);
    const now = await segmentBytes(repository);
    const isRead = now === last && now > 12_000_000;
    last = now;
    return isRead;
  });
  running.child.kill('SIGKILL');
  await running.ended;
}

/** Restores topics of an archive beside those that exist, and reads them with the Java consumer: as if they had their own names. */
async function restored(
  repository: string,
  archive: string,
  as: string,
): Promise<readonly OracleRecord[]> {
  const kafka = ['--bootstrap-server', sandbox().bootstrapServers];
  await kopsJson([
    ...['restore', '--repository', repository, '--archive', archive, ...kafka, '--groups', 'none'],
    ...topics.flatMap((topic) => ['--rename', `${topic}=${topic}-${as}`]),
    ...['--report-dir', join(folder, 'reports')],
  ]);
  const names = topics.map((topic) => `${topic}-${as}`);
  const records = await readWithJava(sandbox(), { topics: names, isolation: 'read_committed' });
  return records.map((record) => ({
    ...record,
    topic: record.topic.slice(0, -as.length - 1),
  }));
}

describe('kops backup after a kill -9 and a log start that has moved', () => {
  it('keeps what was read and cannot be read again, and restores it', async () => {
    const repository = join(folder, 'repository');
    const admin = kafkaAdmin(sandbox());
    await admin.createTopic({ topic: 'orders', partitions: 3 });
    await admin.createTopic({ topic: 'traded' });
    await produceOrders(6_000, 1);
    await trade(10);
    const backup = [
      ...['backup', '--bootstrap-server', sandbox().bootstrapServers],
      ...['--repository', repository, '--topics', topics.join(',')],
    ];
    const first = await runKops(backup, { env });
    expect(first.code, first.stderr).toBe(0);
    await produceOrders(9_000, 2);
    await trade(10);
    const written = await readWithJava(sandbox(), { topics, isolation: 'read_committed' });
    await followAndDie(repository);
    await admin.deleteRecords([
      { topic: 'orders', partition: 1, offset: 5_000n },
      { topic: 'orders', partition: 2, offset: 4_321n },
      { topic: 'traded', partition: 0, offset: 70n },
    ]);
    await produceOrders(30, 3);

    const running = start(backup, env);
    await saying(running, 'Kafka deleted records that an interrupted backup captured');
    expect((await running.ended)[0], running.output()).toBe(0);
    await kopsJson(['verify', '--archive', 'latest', '--repository', repository]);
    const kept = /topic orders: .* \(partitions 1, 2\); archive (\S+) contains them/.exec(
      running.output(),
    )?.[1];
    expect(kept, running.output()).toBeDefined();
    await kopsJson(['verify', '--archive', kept ?? 'none', '--repository', repository]);

    // All of the partitions that are concerned, and nothing of the one that is not.
    const concerned = written.filter((one) => one.topic !== 'orders' || one.partition > 0);
    const late = await restored(repository, kept ?? 'none', 'late');
    expect(late).toHaveLength(10_000 + 42);
    assertSameRecords(concerned, late, { fields: withoutOffset });
    const now = await readWithJava(sandbox(), { topics, isolation: 'read_committed' });
    assertSameRecords(now, await restored(repository, 'latest', 'now'), { fields: withoutOffset });
  });
});

describe('a command that is interrupted', () => {
  let repository: string;
  let server: string;
  beforeAll(async () => {
    repository = join(folder, 'interrupted');
    server = sandbox().bootstrapServers;
    await kafkaAdmin(sandbox()).createTopic({ topic: 'parcels' });
    const values = Array.from({ length: 300 }, (_, index) => `parcel ${String(index)}`);
    await produceWithJava(sandbox(), sendAll({ topic: 'parcels', partition: 0 }, values));
    const backup = ['backup', '--bootstrap-server', server, '--repository', repository];
    await kopsJson([...backup, '--topics', 'parcels']);
  });

  it.each([
    [
      'backup',
      ['--topics', 'a*'],
      /^kops backup --repository REPO --bootstrap-server HOST --topics 'a\*'$/m,
    ],
    [
      'drill',
      ['--sandbox', 'external', '--self-test'],
      /^kops drill --repository REPO --bootstrap-server HOST --sandbox external --self-test$/m,
    ],
  ])(
    'prints the command that continues an interrupted %s, for any directory',
    async (name, flags, line) => {
      // A broker that takes connections and never answers.
      const reached = Promise.withResolvers<unknown>();
      await using broker = createServer((socket) => reached.resolve(socket.resume())).listen(
        0,
        '127.0.0.1',
      );
      await once(broker, 'listening');
      const host = `127.0.0.1:${String((broker.address() as AddressInfo).port)}`;
      const args = [
        name,
        '--repository',
        basename(repository),
        '--bootstrap-server',
        host,
        ...flags,
      ];
      const run = start(args, {}, { cwd: dirname(repository) });
      await reached.promise;
      run.child.kill('SIGINT');
      expect((await run.ended)[0], run.output()).toBe(130);
      const said = run.output().replaceAll(repository, 'REPO').replaceAll(host, 'HOST');
      expect(said.replace(/^XDG_STATE_HOME=\S+ /m, '')).toMatch(line);
    },
  );

  it('is resumed by the command that an interrupted restore prints, from elsewhere, after another backup', async () => {
    const elsewhere = await mkdtemp(join(folder, 'elsewhere-'));
    const env = { XDG_STATE_HOME: join(folder, 'my state') };
    const list = ['archives', 'list', '--repository', repository];
    const { archives } = await kopsJson<{ archives: { readonly archive: string }[] }>(list);
    const restore = ['restore', '--repository', basename(repository), '--bootstrap-server', server];
    const names = ['--topics', 'parcels', '--rename', 'parcels=resumed', '--groups', 'none'];
    const first = start([...restore, ...names], env, { cwd: dirname(repository) });
    await saying(first, 'Restore archive');
    first.child.kill('SIGINT');
    expect((await first.ended)[0], first.output()).toBe(130);
    const command = /^XDG_STATE_HOME=.* --resume$/m.exec(first.output())![0];
    await produceWithJava(sandbox(), sendAll({ topic: 'parcels', partition: 0 }, ['later']));
    const backup = ['backup', '--bootstrap-server', server, '--repository', repository];
    await kopsJson([...backup, '--topics', 'parcels']);

    const again = [...restore.with(2, repository), '--resume'];
    const other = await runKops([...again, '--topics', 'p*'], { env, cwd: elsewhere });
    expect(other).toMatchObject({ code: 12 });
    expect(other.stderr).toContain('the values of --topics differ from the first run');
    expect(other.stderr).toContain(command);

    const pasted = spawnSync('sh', ['-c', `kops() { "$NODE" "$KOPS" "$@"; }; ${command} --json`], {
      cwd: elsewhere,
      env: { ...cleanEnv(), NODE: process.execPath, KOPS: program },
      encoding: 'utf8',
    });
    expect(pasted.status, pasted.stderr).toBe(0);
    const { result } = JSON.parse(pasted.stdout) as { result: { archive: string } };
    expect(result).toMatchObject({ resumed: true, status: 'complete' });
    expect(result.archive).toBe(archives.at(-1)?.archive);
    const later = Buffer.from('later').toString('base64');
    const isOlder = ({ value }: OracleRecord) => value !== later;
    const values = (records: readonly OracleRecord[]) =>
      records.map(({ partition, offset, value }) => [partition, offset, value]);
    expect(values(await readWithJava(sandbox(), { topics: ['resumed'] }))).toEqual(
      values((await readWithJava(sandbox(), { topics: ['parcels'] })).filter(isOlder)),
    );
    const done = await runKops(again, { env, cwd: elsewhere });
    expect(done.code, done.stderr).toBe(0);
    expect(done.stdout).toMatch(/^Nothing to do: this restore finished at .* with 300 records/m);
    expect(await readdir(elsewhere)).toEqual([]);
    await kafkaAdmin(sandbox()).deleteTopics('resumed');
  });

  it('says after --hold-retention how to undo it, in a command that Kafka takes', async () => {
    const admin = kafkaAdmin(sandbox());
    await admin.alterTopicConfig('parcels', { 'retention.ms': '999999999999' });
    const held = join(folder, 'held');
    const target = ['--bootstrap-server', server, '--repository', held];
    await kopsJson(['backup', ...target, '--topics', 'parcels']);
    const restore = ['restore', ...target, '--topics', 'parcels', '--rename', 'parcels=held'];
    const run = await runKops([...restore, '--groups', 'none', '--hold-retention']);
    expect(run.code, run.stderr).toBe(0);
    const forever = { 'retention.ms': '-1', 'retention.bytes': '-1' };
    expect(await admin.listTopicConfig('held')).toEqual(forever);
    const command = /^kafka-configs\.sh (.*)$/m.exec(run.stdout)![1]!;
    const tool = 'kafka.admin.ConfigCommand';
    const undone = await runKafkaTool(sandbox().jars, tool, command.split(' '));
    expect(undone.exitCode, undone.stderr + undone.stdout).toBe(0);
    expect(await admin.listTopicConfig('held')).toEqual({ 'retention.ms': '999999999999' });
  });
});

describe('records that are deleted between two backups', () => {
  it('are a loss in the manifest, in listings and in verify, with exit code 21, once', async () => {
    const repository = join(folder, 'trimmed');
    const at = { topic: 'trimmed', partition: 0 };
    const admin = kafkaAdmin(sandbox());
    await admin.createTopic({ topic: at.topic });
    const send = (name: string, count: number): Promise<unknown> =>
      produceWithJava(
        sandbox(),
        sendAll(
          at,
          Array.from({ length: count }, (_, index) => `${name}-${String(index)}`),
        ),
      );
    const where = ['--repository', repository];
    const source = ['--bootstrap-server', sandbox().bootstrapServers, '--topics', at.topic];
    const backup = (): Promise<KopsRun> => runKops(['backup', ...source, ...where]);
    const latest = (...command: string[]): Promise<KopsRun> =>
      runKops([...command, '--archive', 'latest', ...where]);
    await send('first', 10);
    expect((await backup()).code).toBe(0);
    await send('second', 20);
    await admin.deleteRecords([{ ...at, offset: 30n }]);

    const second = await backup();
    expect(second.stderr).toContain('trimmed-0: offsets 10 to 29 are lost (retention)');
    expect(second.code).toBe(21);
    const shown = await latest('archives', 'show', '--json');
    expect(JSON.parse(shown.stdout)).toMatchObject({
      topics: [
        {
          partitions: [{ logStart: '30', losses: [{ from: '10', to: '30', reason: 'retention' }] }],
        },
      ],
    });
    expect((await runKops(['archives', 'list', ...where])).stdout).toContain('20 offsets in 1 gap');
    const verified = await latest('verify');
    expect(verified.stdout).toContain('offsets 10 to 29 are lost (retention)');
    expect(verified.code).toBe(21);

    const third = await backup();
    expect(third.code).toBe(0);
    expect((await latest('verify')).code).toBe(0);

    // The same where it is expected.
    await send('third', 5);
    await admin.deleteRecords([{ ...at, offset: 35n }]);
    const expected = await runKops(['backup', ...source, ...where, '--expect-purge', 'trim*']);
    expect(expected.code, expected.stderr).toBe(0);
    const told = await latest('archives', 'show');
    expect(told.stdout).toContain('trimmed-0: offsets 30 to 34 were deleted before');
    expect(told.stdout).toContain('trimmed-0: log-start-passed: ');
    expect((await latest('verify')).code).toBe(0);
  });
});
