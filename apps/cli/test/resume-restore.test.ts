import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sameCommand, type GivenToken } from '../src/output/same-command.ts';
import { shellCommand } from '../src/output/shell-command.ts';
import { chooseRun } from '../src/restore/choose-run.ts';
import { resumedOptions, type RestoreRequest } from '../src/restore/restore-request.ts';
import {
  findRuns,
  hasState,
  restoresFolder,
  resumeCommand,
  statePathOf,
  writeRun,
  type RestoreRun,
  type StoredRun,
} from '../src/restore/restore-runs.ts';

const run = (fields: Partial<RestoreRun> = {}): RestoreRun => ({
  version: 1,
  archive: '20260101t000000z-aaaaaaaa',
  repository: { id: 'repo', location: '/backups/my kafka' },
  targetCluster: 'target',
  bootstrapServer: 'new:9092',
  config: null,
  reportDir: null,
  request: {},
  choice: null,
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: null,
  ...fields,
});
const stored = (fields: Partial<RestoreRun> = {}, name = 'a'): StoredRun => ({
  folder: join(restoresFolder(), name),
  run: run(fields),
});
const choose = (runs: readonly StoredRun[], request: RestoreRequest = {}, archive = 'latest') =>
  chooseRun(runs, { archive, request, targetCluster: 'target' });
const refusal = (work: () => unknown): { code: string; message: string; hint: string } => {
  try {
    work();
  } catch (thrown) {
    return thrown as { code: string; message: string; hint: string };
  }
  throw new Error('it was not refused');
};

describe('a restore that is resumed', () => {
  const first = stored({ request: { topics: ['a', 'b'], rename: ['a=x'] } });
  const other = stored({ archive: '20260102t000000z-bbbbbbbb' }, 'b');

  it('is the unfinished one, with the archive of its first run, whatever is the latest', () => {
    expect(choose([first])).toBe(first);
    expect(choose([first], { topics: ['a', 'b'] })).toBe(first);
    expect(choose([stored({ finishedAt: 'then' }, 'c'), first])).toBe(first);
  });

  it('names the flags that say something else than the first run, and the command that fits', () => {
    const error = refusal(() => choose([first], { topics: ['a'], 'hold-retention': true }));
    expect(error).toMatchObject({ code: 'KOPS_REFUSED' });
    expect(error.message).toContain('--topics, --hold-retention');
    expect(error.hint).toContain(resumeCommand(first.run));
  });

  it('is asked for where there are several, with a command for each', () => {
    const error = refusal(() => choose([first, other]));
    expect(error).toMatchObject({ code: 'KOPS_USAGE' });
    for (const { run: listed } of [first, other])
      expect(error.hint).toContain(resumeCommand(listed));
    // The printed commands choose between them.
    expect(choose([first, other], first.run.request, first.run.archive)).toBe(first);
    expect(choose([first, other], {}, other.run.archive)).toBe(other);
    const same = stored({ request: {} }, 'd');
    expect(choose([first, same], {}, same.run.archive)).toBe(same);
  });

  it('is the last finished one where nothing is left to do, and refused where there is none', () => {
    const finished = stored({ finishedAt: '2026-01-01T01:00:00.000Z' });
    expect(choose([finished])).toBe(finished);
    expect(refusal(() => choose([]))).toMatchObject({ code: 'KOPS_REFUSED' });
    expect(refusal(() => choose([first], {}, '2027')).hint).toContain(resumeCommand(first.run));
  });

  it('restores the records that a search chose', async () => {
    const choice = [
      {
        topic: 't',
        partition: 1,
        ranges: [
          ['3', '5'],
          ['9', '10'],
        ] as const,
      },
    ];
    const { records } = await resumedOptions({ groups: ['none'] }, choice, { hasState: true });
    expect(records?.of({ topic: 't', partition: 1 })).toEqual([
      { start: 3n, end: 5n },
      { start: 9n, end: 10n },
    ]);
  });
});

describe('the state of restores', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'kops-state-'));
    vi.stubEnv('XDG_STATE_HOME', home);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(home, { recursive: true, force: true });
  });

  it("lies in the user's state directory, and is found by repository and target cluster", async () => {
    expect(await findRuns('repo', 'target')).toEqual([]);
    const [mine, later] = [stored(), stored({ startedAt: '2026-02-01T00:00:00.000Z' }, 'b')];
    for (const one of [mine, later, stored({ targetCluster: 'other' }, 'c')]) await writeRun(one);
    expect(await findRuns('repo', 'target')).toEqual([later, mine]);
    expect(mine.folder).toBe(join(home, 'kops', 'restores', 'a'));
    await writeFile(join(mine.folder, 'run.json'), '{"sha256":"","run":{}}');
    await expect(findRuns('repo', 'target')).rejects.toMatchObject({ code: 'KOPS_OBJECT_CORRUPT' });
  });

  it('is made anew where the first run ended before it created a topic', async () => {
    const early = stored();
    await writeRun(early);
    expect(await hasState(early)).toBe(false);
    const options = await resumedOptions({}, null, { hasState: await hasState(early) });
    expect(options.resume).toBe(false);
    await writeFile(statePathOf(early), '{}');
    expect(await hasState(early)).toBe(true);
  });

  it('is named in the command to paste', () => {
    const config = '/etc/kops.yaml';
    const request = { rename: ['a=x', 'b=y'], from: '5', 'hold-retention': true };
    expect(resumeCommand(run({ request, config }))).toBe(
      `XDG_STATE_HOME=${home} kops restore --repository '/backups/my kafka' --archive 20260101t000000z-aaaaaaaa --bootstrap-server new:9092 --rename a=x --rename b=y --from 5 --hold-retention --config /etc/kops.yaml --resume`,
    );
  });

  it('does not move with a relative XDG_STATE_HOME', () => {
    vi.stubEnv('XDG_STATE_HOME', 'here');
    expect(restoresFolder()).toMatch(/^\/.*\/\.local\/state\/kops\/restores$/);
  });
});

describe('a command to paste', () => {
  it('is quoted for a shell', () => {
    expect(shellCommand(['a', "it's", '', 'b*', 'x=1,2'])).toBe(
      String.raw`a 'it'\''s' '' 'b*' x=1,2`,
    );
  });

  it('repeats the command that was given, from any directory', () => {
    vi.stubEnv('XDG_STATE_HOME', '');
    const given: GivenToken[] = [
      { type: 'flag', flag: 'repository', input: 'backups' },
      { type: 'flag', flag: 'topics', input: 'a*' },
      { type: 'flag', flag: 'drop', input: '--drop' },
      { type: 'flag', flag: 'json', input: '--json' },
      { type: 'arg', arg: 'q', input: 'x y' },
    ];
    const booleans = new Set(['drop', 'json']);
    const without = { without: ['drop'], add: ['--resume'] };
    expect(sameCommand('catalog rebuild', given, booleans, without)).toBe(
      `kops catalog rebuild --repository ${join(process.cwd(), 'backups')} --topics 'a*' --json 'x y' --resume`,
    );
    vi.unstubAllEnvs();
  });
});
