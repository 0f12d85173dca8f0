import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Socket } from 'node:net';
import { kafkaAdmin, produceWithJava, readWithJava, sandboxKafka } from '@kops/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cleanEnv, kopsJson, program, runKops } from './run-kops.ts';
import { endAll, saying, start, until } from './start-kops.ts';

const sandbox = sandboxKafka({ beforeAll, afterAll });
let folder: string;
let config: string;

async function procText(pid: number, name: string): Promise<readonly string[]> {
  return (await readFile(`/proc/${String(pid)}/${name}`, 'utf8')).split('\0');
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-standing-'));
  config = join(folder, 'kops.yaml');
  const address = `unix:${join(folder, 'archiver.sock')}`;
  await writeFile(
    config,
    JSON.stringify({
      archiver: { address, listen: address, secret: 'a-secret-of-a-test-that-is-long-enough' },
      clusters: { shop: { bootstrapServers: sandbox().bootstrapServers.split(',') } },
      repositories: { nas: join(folder, 'repository') },
      logging: { level: 'info' },
    }),
  );
});
afterEach(endAll);
afterAll(async () => rm(folder, { recursive: true, force: true }));

const flags = [
  '--external-memory-accounted-in-global-limit',
  '--single-threaded-gc',
  '--max-semi-space-size=2',
];

describe.runIf(process.platform === 'linux')('a standing process', () => {
  it.each(['archiver', 'agent'])(
    'has the memory flags and threads of an embedded one, keeps its process id and outlives a SIGHUP: %s',
    async (name) => {
      const standing = start([name, '--config', config]);
      const pid = standing.child.pid!;
      await until('its flags', async () => (await procText(pid, 'cmdline')).includes(flags[0]!));
      const cmdline = await procText(pid, 'cmdline');
      expect(cmdline.slice(1, -1)).toEqual([...flags, program, name, '--config', config]);
      expect(await procText(pid, 'environ')).toContain('UV_THREADPOOL_SIZE=16');
      await (name === 'archiver'
        ? saying(standing, 'The archiver listens')
        : saying(start(['archiver', '--config', config]), 'an agent joined'));
      standing.child.kill('SIGHUP');
      await saying(standing, 'SIGHUP is ignored');
      standing.child.kill('SIGTERM');
      expect(await standing.ended, standing.output()).toEqual([0, null]);
    },
  );

  it('leaves the threads to who set them, and ends with the exit code of its failure', async () => {
    const archiver = start(['archiver', '--config', config], { UV_THREADPOOL_SIZE: '7' });
    await saying(archiver, 'The archiver listens');
    const environ = await procText(archiver.child.pid!, 'environ');
    expect(environ.filter((line) => line.startsWith('UV_THREADPOOL_SIZE'))).toEqual([
      'UV_THREADPOOL_SIZE=7',
    ]);
    const run = await runKops(['agent', '--config', join(folder, 'none.yaml')]);
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('none.yaml') as string });
    const wrong = await runKops(['agent', '--config', config, '--log-level', 'loud']);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('loud') as string });
  });

  it('ends with the process that launched it, even if that is killed', async () => {
    // As bin/kops.js does under an older Node: a relay, with an IPC channel for a leash.
    const relay = `
      const child = require('node:child_process').spawn(process.execPath, ${JSON.stringify([program, 'archiver', '--config', config])},
        { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: { ...process.env, KOPS_LAUNCHER_PID: String(process.pid) } });
      process.stdout.write('pid ' + child.pid + '.');`;
    const child = spawn(process.execPath, ['-e', relay], {
      env: cleanEnv(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    await until('listening', () => output.includes('The archiver listens'));
    const pid = Number(/pid (\d+)\./.exec(output)![1]);
    child.kill('SIGKILL');
    const isAlive = (): boolean => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    await until('the end of the archiver', () => !isAlive());
  });
});

describe.runIf(process.platform === 'linux')('a snapshot at a standing archiver', () => {
  it('goes on when its watcher is interrupted, who is told so', async () => {
    await kafkaAdmin(sandbox()).createTopic({ topic: 'orders' });
    const say = { do: 'generate', topic: 'orders', count: 500, partitions: 1, valueBytes: 100 };
    await produceWithJava(sandbox(), [{ ...say, keys: 10 } as never]);
    const archiver = start(['archiver', '--config', config]);
    await saying(archiver, 'The archiver listens');
    const backup = ['backup', '--config', config, '--cluster', 'shop', '--repository', 'nas'];
    // No agent yet: the backup waits, and there is time for an interruption.
    const watcher = start(backup);
    await saying(watcher, 'Backing up');
    watcher.child.kill('SIGINT');
    expect(await watcher.ended, watcher.output()).toEqual([130, null]);
    expect(watcher.output()).toMatch(/backup \S+ continues on the archiver/);
    expect(watcher.output()).toContain("'kops archives list'");
    expect(watcher.output()).not.toContain('same command again');

    const second = await runKops(backup);
    expect(second.code, second.stderr).toBe(11);
    start(['agent', '--config', config]);
    const list = ['archives', 'list', '--repository', join(folder, 'repository')];
    await until('its archive', async () => {
      interface ListJson {
        readonly archives: { readonly summary: { readonly records: number } }[];
      }
      const { archives } = await kopsJson<ListJson>(list);
      return archives.length === 1 && archives[0]?.summary.records === 500;
    });
  });

  it('may have begun when there was no answer yet, but not for a plan', async () => {
    // An archiver that is connected to and never answers.
    const address = join(folder, 'silent.sock');
    const connections: Socket[] = [];
    const silent = createServer((socket) => connections.push(socket)).listen(address);
    const env = { KOPS_ARCHIVER_ADDRESS: `unix:${address}` };
    const backup = ['backup', '--config', config, '--cluster', 'shop', '--repository', 'nas'];
    try {
      for (const more of [[], ['--follow'], ['--dry-run']]) {
        const before = connections.length;
        const watcher = start([...backup, ...more], env);
        await until('a connection', () => connections.length > before);
        watcher.child.kill('SIGINT');
        expect(await watcher.ended, watcher.output()).toEqual([130, null]);
        const mayHaveBegun = watcher
          .output()
          .includes('the archiver has possibly started the backup');
        expect(mayHaveBegun, watcher.output()).toBe(more[0] !== '--dry-run');
        expect(watcher.output()).not.toContain('continues on');
      }
    } finally {
      for (const socket of connections) socket.destroy();
      silent.close();
    }
  });
});

describe.runIf(process.platform === 'linux')('an archiver that is told of backups', () => {
  const produce = (count: number): Promise<unknown> =>
    produceWithJava(sandbox(), [{ do: 'generate', topic: 'kept', count, partitions: 1 }]);

  /** What the newest archive shows, as Java's consumer would print it. */
  async function archived(repository: string): Promise<string[]> {
    const archive = ['--repository', repository, '--topic', 'kept', '--partition', '0'];
    const run = await runKops(['cat', ...archive, '--output', 'ndjson']);
    const lines = run.stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => {
      const { offset, value } = JSON.parse(line) as { offset: string; value: { text: string } };
      return `${offset} ${Buffer.from(value.text).toString('base64')}`;
    });
  }

  it('resumes them after kill -9, and its agent tells once that it was lost and is back', async () => {
    const repository = join(folder, 'kept');
    const declared = join(folder, 'declared.yaml');
    const settings = JSON.parse(await readFile(config, 'utf8')) as Record<string, unknown>;
    await writeFile(
      declared,
      JSON.stringify({
        ...settings,
        repositories: { kept: repository },
        backups: {
          kept: {
            cluster: 'shop',
            repositories: 'kept',
            topics: 'kept',
            follow: true,
            generationIntervalMs: '1s',
          },
        },
      }),
    );
    await kafkaAdmin(sandbox()).createTopic({ topic: 'kept' });
    await produce(20);
    const agent = start(['agent', '--config', declared]);
    const first = start(['archiver', '--config', declared]);
    await saying(first, '"archive committed"');
    first.child.kill('SIGKILL');
    await first.ended;
    await produce(30);
    const second = start(['archiver', '--config', declared]);
    await saying(second, '"records":50');
    const expected = (await readWithJava(sandbox(), { topics: ['kept'] })).map(
      ({ offset, value }) => `${String(offset)} ${value ?? ''}`,
    );
    expect(expected).toHaveLength(50);
    expect(await archived(repository)).toEqual(expected);
    const said = (text: string): number => agent.output().split(text).length - 1;
    await until('the agent is back', () => said('rejoined the archiver') > 0);
    expect(said('the connection to the archiver was lost')).toBe(1);
    expect(said('rejoined the archiver')).toBe(1);
    expect(second.output()).toContain('"msg":"backup started"');
  });

  it('ends a command that watches with 30 when it shuts down, and says what to do', async () => {
    const archiver = start(['archiver', '--config', config]);
    await saying(archiver, 'The archiver listens');
    const backup = ['backup', '--config', config, '--cluster', 'shop', '--repository', 'nas'];
    const watcher = start([...backup, '--topics', 'kept']);
    await saying(watcher, 'Backing up');
    archiver.child.kill('SIGTERM');
    expect(await watcher.ended, watcher.output()).toEqual([30, null]);
    expect(watcher.output()).toContain('the archiver was shut down');
    expect(watcher.output()).toContain('Start the archiver, then run the backup again');
    expect(await archiver.ended, archiver.output()).toEqual([0, null]);
  });
});
