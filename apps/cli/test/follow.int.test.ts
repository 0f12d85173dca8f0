import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaAdmin, produceWithJava, readWithJava, sandboxKafka } from '@kops/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kopsJson, piped, runKops } from './run-kops.ts';
import { endAll, saying, start, until, type Standing } from './start-kops.ts';

const sandbox = sandboxKafka({ beforeAll, afterAll });
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-follow-'));
});
afterEach(endAll);
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function produce(topic: string, count: number): Promise<void> {
  await produceWithJava(sandbox(), [{ do: 'generate', topic, count, partitions: 1 }]);
}

/** Starts `kops backup --follow` of a topic. */
function follow(
  topic: string,
  repository: string,
  { interval = '1s', wrapper = [] }: { interval?: string; wrapper?: readonly string[] } = {},
): Standing {
  const server = sandbox().bootstrapServers;
  return start(
    [
      ...['backup', '--bootstrap-server', server, '--repository', repository],
      ...['--topics', topic, '--follow', '--generation-interval', interval],
    ],
    {},
    { wrapper },
  );
}

async function bytesOf(directory: string): Promise<number> {
  const found = await readdir(directory, { recursive: true });
  const sizes = await Promise.all(
    found
      .filter((name) => name.includes('segments'))
      .map((name) => stat(join(directory, name)).catch(() => ({ size: 0 }))),
  );
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

/** Runs a command in a PID namespace of its own, as a container does: the host name stays. */
const otherNamespace = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
const mayUnshare = spawnSync(otherNamespace[0] ?? '', [...otherNamespace.slice(1), 'true']);

async function interrupt({ child, ended }: Standing): Promise<number | null> {
  child.kill('SIGINT');
  return (await ended)[0];
}

describe('kops backup --follow', () => {
  it('ends well by Ctrl-C, with everything committed', async () => {
    const repository = join(folder, 'flow');
    await kafkaAdmin(sandbox()).createTopic({ topic: 'flow' });
    await produce('flow', 20);
    const running = follow('flow', repository);
    await saying(running, 'Archive ');
    await produce('flow', 22);
    await saying(running, '42 records');
    expect(await interrupt(running)).toBe(0);
    await kopsJson(['verify', '--archive', 'latest', '--repository', repository]);
  });

  it('commits its last archive when its terminal is gone, and ends with 130', async () => {
    const repository = join(folder, 'hung');
    await kafkaAdmin(sandbox()).createTopic({ topic: 'hung' });
    await produce('hung', 5);
    const running = follow('hung', repository, { interval: '1h' });
    await saying(running, 'following');
    const before = await bytesOf(repository);
    await produce('hung', 600);
    await until('the rest arrives', async () => (await bytesOf(repository)) > before);
    running.child.kill('SIGHUP');
    running.child.kill('SIGHUP');
    expect((await running.ended)[0]).toBe(130);
    const { records } = await kopsJson<{ records: readonly { offset: string }[] }>([
      ...['cat', '--repository', repository, '--topic', 'hung', '--partition', '0'],
    ]);
    expect(records.map(({ offset }) => Number(offset))).toEqual([...Array(605).keys()]);
  });

  it.skipIf(mayUnshare.status !== 0)(
    'is not taken for dead by a backup in another PID namespace, which ends with 11 and sweeps nothing',
    async () => {
      const repository = join(folder, 'apart');
      await kafkaAdmin(sandbox()).createTopic({ topic: 'apart' });
      await produce('apart', 20);
      const running = follow('apart', repository, { wrapper: otherNamespace });
      await saying(running, '20 records');
      const server = sandbox().bootstrapServers;
      const second = ['backup', '--bootstrap-server', server, '--repository', repository];
      const refused = await runKops([...second, '--topics', 'apart']);
      expect(refused.code, refused.stderr).toBe(11);
      await produce('apart', 22);
      await saying(running, '42 records');
      await kopsJson(['verify', '--archive', 'latest', '--repository', repository]);
    },
  );

  it('ends with 21 for what was lost with a topic that was created anew, and names the archive', async () => {
    const repository = join(folder, 'lives');
    const admin = kafkaAdmin(sandbox());
    await admin.createTopic({ topic: 'lives' });
    await produce('lives', 10);
    const running = follow('lives', repository);
    await saying(running, 'Archive ');
    await admin.deleteTopics('lives');
    await admin.createTopic({ topic: 'lives' });
    await produce('lives', 7);
    await saying(running, ' 7 records');
    expect(await interrupt(running)).toBe(21);
    const named =
      /Losses recorded: 1; see 'kops archives show --repository \S+ --archive (\S+)'/.exec(
        running.output(),
      )?.[1];
    const shown = await kopsJson([
      'archives',
      'show',
      '--archive',
      named ?? 'none',
      '--repository',
      repository,
    ]);
    expect(JSON.stringify(shown)).toContain('"reason":"topic-recreated"');
  });
});

describe('kops whose output nobody reads', () => {
  it('backs up and restores all the same', async () => {
    const repository = join(folder, 'unread');
    await kafkaAdmin(sandbox()).createTopic({ topic: 'unread' });
    await produce('unread', 30);
    const where = [
      ...['--bootstrap-server', sandbox().bootstrapServers],
      ...['--repository', repository, '--topics', 'unread'],
    ];
    expect(await piped(['backup', ...where], '2>&1 | true')).toBe('0');
    expect(
      await piped(
        ['restore', ...where, '--rename', 'unread=read', '--report-dir', join(folder, 'reports')],
        '2>&1 | true',
      ),
    ).toBe('0');
    const restored = await readWithJava(sandbox(), { topics: ['read'] });
    expect(restored.map(({ offset }) => Number(offset))).toEqual([...Array(30).keys()]);
  });
});
