import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KopsError } from '@kops/core';
import { describe, expect, it } from 'vitest';
import { commands } from '../src/commands.ts';
import { meantArguments, unknownCommand } from '../src/command-words.ts';
import { describeFailure } from '../src/output/report-failure.ts';
import { runCommand } from './run-command.ts';
import { runKops } from './run-kops.ts';

/** What of a flag the parser checks. */
interface Flag {
  readonly type: string;
  readonly options?: readonly string[];
  readonly helpValue?: string;
  readonly exclusive?: readonly string[];
  readonly dependsOn?: readonly string[];
  readonly required?: boolean;
  readonly summary?: string;
}

const flagsOf = (name: string): Record<string, Flag> => ({
  ...commands[name]!.flags,
  json: { type: 'boolean' },
});

/** A value that a flag's parser takes. */
function valueFor({ options, helpValue = '' }: Flag): string {
  const values: Record<string, string | undefined> = {
    TIME: '1m',
    'SIZE/s': '1MiB',
    SIZE: '1MiB',
    N: '1',
  };
  return options?.[0] ?? values[helpValue] ?? 'x';
}

/** Arguments that give some flags, and what the command cannot do without. */
function giving(name: string, flags: readonly string[]): string[] {
  const all = flagsOf(name);
  const required = Object.keys(all).filter((flag) => all[flag]!.required === true);
  const args = Object.keys(commands[name]!.args).map(() => 'x');
  return [
    ...args,
    ...[...new Set([...required, ...flags])].flatMap((flag) => {
      const time = ['from', 'to'].includes(flag) ? '2026-03-01' : undefined;
      const { [flag]: known = { type: 'option' } } = all;
      return known.type === 'boolean' ? [`--${flag}`] : [`--${flag}`, time ?? valueFor(known)];
    }),
  ];
}

/** Words of the parser that people would not understand. */
const parserWords = /Nonexistent|See more help|Parsing|The following|oclif|cannot also|All of the/;

describe('variables of other programs', () => {
  it('stop no command, and those of Kubernetes kOps bring no warning', async () => {
    const run = await runCommand('version', [], {
      KOPS_STATE_STORE: 's3://state',
      KOPS_CLUSTER_NAME: 'k8s.example.com',
      KOPS_FEATURE_FLAGS: '+Spotinst',
      KOPS_SOMETHING: '1',
    });
    expect(run).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^kops \d/) });
  });

  it('bring one warning where one looks like a misspelt setting', async () => {
    const run = await runCommand('version', [], { KOPS_REPOSITORRY: '/secret-place' });
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toBe(
      'Warning: the environment variable KOPS_REPOSITORRY is ignored: it is not a kops setting. Did you mean KOPS_REPOSITORY?\n',
    );
  });
});

const pairs = (kind: 'exclusive' | 'dependsOn'): [string, string, string][] =>
  Object.keys(commands).flatMap((name) =>
    Object.entries(flagsOf(name)).flatMap(([flag, { [kind]: others = [] }]) =>
      others.map((other): [string, string, string] => [name, flag, other]),
    ),
  );

describe('flags that contradict each other', () => {
  it.each(pairs('exclusive'))('are refused by %s: --%s with --%s', async (name, flag, other) => {
    const needed = flagsOf(name)[flag]?.dependsOn ?? [];
    const run = await runCommand(name, giving(name, [flag, other, ...needed]));
    expect(run.code, run.stderr).toBe(2);
    expect(run.stderr).toContain(
      `${[`--${flag}`, `--${other}`].sort().join(' and ')} cannot be used together`,
    );
    expect(run.stderr).not.toMatch(parserWords);
  });

  it.each(pairs('dependsOn'))('are refused by %s: --%s without --%s', async (name, flag, other) => {
    const run = await runCommand(name, giving(name, [flag]));
    expect(run.code, run.stderr).toBe(2);
    expect(run.stderr).toContain(`--${flag} needs --${other}`);
    expect(run.stderr).not.toMatch(parserWords);
  });

  it('depend on the flag that their summary names', () => {
    const lonely = Object.keys(commands).flatMap((name) =>
      Object.entries(flagsOf(name)).flatMap(([flag, { summary = '', dependsOn = [] }]) => {
        const [, needed] = /^With --([a-z-]+)/.exec(summary) ?? [];
        return needed === undefined || dependsOn.includes(needed) ? [] : [`${name} --${flag}`];
      }),
    );
    // Its archiver may be configured: see the last test here.
    expect(lonely).toEqual(['backup --cluster']);
  });

  it.each<[string, string[], string]>([
    [
      'backup',
      ['--archiver', 'a:1', '--cluster', 'main', '--bootstrap-server', 'k:9092'],
      '--archiver and --bootstrap-server cannot be used together',
    ],
    ['backup', ['--cluster', 'main', '-r', '/r'], '--cluster needs --archiver'],
    ['search', ['x', '--cluster', 'c'], '--cluster needs --archive'],
    ['search', ['x', '--repository', '/r'], '--repository needs --archive'],
    ['estimate', ['--partitions', '3', '--topics', 'orders'], 'cannot be used together'],
    ['verify', ['--level', 'manifest', '--subset', '1/7'], '--subset needs a --level'],
    [
      'cat',
      ['--topic', 't', '--partition', '0', '--json', '--output', 'ndjson'],
      '--format and --json',
    ],
    ['kibana:setup', ['--output', 'f', '--kibana-url', 'http://k'], '--kibana-url and --output'],
    ['grep', ['x', '--from', '2026-03-02', '--to', '2026-03-01'], '--from is not before --to'],
    [
      'export',
      ['--topic', 't', '--partition', '0', '--from-offset', '7', '--to-offset', '7'],
      '--from-offset is not before --to-offset',
    ],
  ])('of %s are refused: %j', async (name, args, says) => {
    const run = await runCommand(name, args);
    expect(run.code, run.stderr).toBe(2);
    expect(run.stderr).toContain(says);
  });

  it('are refused by a backup whose archiver is configured', async () => {
    const args = ['--cluster', 'main', '--repository', 'r', '--bootstrap-server', 'other:9092'];
    const run = await runCommand('backup', args, { KOPS_ARCHIVER_ADDRESS: 'archiver:7000' });
    expect(run.code, run.stderr).toBe(2);
    expect(run.stderr).toContain(
      '--bootstrap-server cannot be used with an archiver, and archiver.address is archiver:7000',
    );
    expect(run.stderr).toMatch(/^Try: {3}Remove --bootstrap-server/m);
  });
});

describe('help', () => {
  it('has the flags in one column, also where the first has no short name', async () => {
    const { stdout } = await runKops(['backup', '--help']);
    const flags = /^FLAGS\n(?<list>.*?)\n\n/ms.exec(stdout)?.groups?.list ?? '';
    const columns = [...flags.matchAll(/^.{2,6}(?=--)/gm)].map(([lead]) => lead.length);
    expect(columns.length).toBeGreaterThan(5);
    expect(new Set(columns)).toEqual(new Set([6]));
  });

  it('offers no value that is refused', () => {
    const { ack } = flagsOf('backup');
    const { method } = flagsOf('restore');
    expect([ack!.options, method!.options]).toEqual([['sync'], ['produce']]);
  });

  it('is asked for as kops help, and the version as -v', () => {
    expect(meantArguments(['help'])).toEqual(['--help']);
    expect(meantArguments(['help', 'archives', 'list'])).toEqual(['archives', 'list', '--help']);
    expect(meantArguments(['-v'])).toEqual(['version']);
    expect(meantArguments(['--version', '--json'])).toEqual(['version', '--json']);
    expect(meantArguments(['backup', '--follow'])).toEqual(['backup', '--follow']);
  });
});

describe('kops config init', () => {
  it('writes a file that changes nothing, and replaces none unasked', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kops-init-'));
    try {
      const file = join(folder, 'kops.yaml');
      const made = await runCommand('config:init', ['--output', file, '--json']);
      expect(JSON.parse(made.stdout)).toEqual({ output: file });
      const shown = await runCommand('config:show', ['--config', file, '--json']);
      expect(shown.stdout).toBe((await runCommand('config:show', ['--json'])).stdout);
      await writeFile(file, '# mine');
      expect(await runCommand('config:init', ['--output', file])).toMatchObject({ code: 12 });
      expect(await readFile(file, 'utf8')).toBe('# mine');
      expect(await runCommand('config:init', ['--output', file, '--overwrite'])).toMatchObject({
        code: 0,
      });
      expect((await runCommand('config:init', ['--output', '-'])).stdout).toBe(
        await readFile(file, 'utf8'),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('a mistyped command line', () => {
  it.each([
    [['bakup', '--follow'], "unknown command 'bakup'", "Did you mean 'kops backup'?"],
    [['archives', 'lis'], "unknown command 'archives lis'", "Did you mean 'kops archives list'?"],
    [['archive', 'list'], "unknown command 'archive'", "Did you mean 'kops archives list'?"],
    [['list-everything'], "unknown command 'list-everything'", "Run 'kops --help'"],
    [['--repository', '/r', 'backup'], 'the command must come first, before --repository', 'Run'],
    [['backup', 'orders'], `'kops backup' takes no argument "orders"`, "Run 'kops backup --help'"],
  ])('%j says what was probably meant', (args, says, hint) => {
    const text = describeFailure(unknownCommand(args));
    expect(text).toContain(`Error: Wrong usage: ${says}`);
    expect(text).toContain(`Try:   ${hint}`);
  });

  it.each<[string, string[], string, string]>([
    ['verify', ['--depth', '3'], "'kops verify' has no flag --depth", "Run 'kops verify --help'."],
    ['verify', ['--levle', 'x'], "'kops verify' has no flag --levle", 'Did you mean --level?'],
    [
      'archives:list',
      ['--repo', '/r'],
      "'kops archives list' has no flag --repo",
      "Run 'kops archives list --help'.",
    ],
    [
      'verify',
      ['--level', 'deep'],
      '--level: expected one of manifest, checksum, structure, replay, got "deep"',
      "Run 'kops verify --help'.",
    ],
    ['verify', ['--level'], '--level needs one of manifest', "Run 'kops verify --help'."],
    [
      'cat',
      ['--topic', 't', '--partition', 'z'],
      '--partition: expected a whole number, got "z"',
      "Run 'kops cat --help'.",
    ],
    ['cat', [], '--partition is missing', "Run 'kops cat --help'."],
    ['grep', [], 'the argument PATTERN is missing', "Run 'kops grep --help'."],
    ['grep', ['x', 'y'], `'kops grep' takes no argument "y"`, "Run 'kops grep --help'."],
    [
      'restore',
      ['--from', 'yesterday'],
      '--from: not a point in time: "yesterday"',
      'Write it like',
    ],
    [
      'backup',
      ['--follow', '--generation-interval', 'soon'],
      '--generation-interval: not a length of time: "soon"',
      'Write numbers with units',
    ],
    ['backup', ['--exclude'], '--exclude needs a value', "Run 'kops backup --help'."],
    [
      'doctor',
      ['--archiver', 'a:1', '--archiver', 'b:1'],
      '--archiver is given twice',
      "Run 'kops doctor --help'.",
    ],
  ])('%s %j says what is wrong in one line', async (name, args, says, hint) => {
    const run = await runCommand(name, args);
    expect(run.code, run.stderr).toBe(2);
    const [first = '', ...rest] = run.stderr.split('\n');
    expect(first).toContain(`Error: Wrong usage: ${says}`);
    expect(rest.join('\n')).toMatch(/^Try: {3}/);
    expect(rest[0]).toContain(hint);
    expect(run.stderr).not.toMatch(parserWords);
  });
});

describe('an error', () => {
  it("does not pass on Node's advice to those who start Node", () => {
    // As Node 24 words it.
    const message =
      'unable to verify the first certificate; if the root CA is installed locally, try running Node.js with --use-system-ca';
    const error = new KopsError('KOPS_KAFKA_UNREACHABLE', `broker k:9093: ${message} (TLS)`);
    expect(error.message).toBe('broker k:9093: unable to verify the first certificate (TLS)');
  });
});
