import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { KopsError } from '@kops/core';
import type { Bench, Outcome, Round } from './bench.ts';
import { expectEqual, expectSameLog } from './expect.ts';
import { runMeasured } from './run-measured.ts';

/** The built command line. */
export const kops = fileURLToPath(new URL('../../../apps/cli/bin/kops.js', import.meta.url));

interface KopsRun<T> {
  readonly outcome: Outcome;
  readonly result: T;
}

/** Runs the built command line as a user does; the work is the whole process. */
async function runKops<T>(bench: Bench, args: readonly string[]): Promise<KopsRun<T>> {
  const { folder, timeoutMs, signal, env } = bench;
  const use = await runMeasured({
    what: `kops ${args.join(' ')}`,
    command: process.execPath,
    args: [kops, ...args, '--json'],
    cwd: folder,
    env,
    timeoutMs,
    signal,
  });
  return { outcome: { ...use, seconds: use.wallSeconds }, result: parse(use.stdout, args) as T };
}

function parse(text: string, args: readonly string[]): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new KopsError(
      'KOPS_UNEXPECTED',
      `kops ${args.join(' ')} printed no JSON: ${text.slice(0, 500)}`,
      { cause },
    );
  }
}

interface BackupResult {
  readonly archives: readonly {
    readonly records: number;
    readonly bytes: number;
    readonly newBytes: number;
    readonly losses: number;
  }[];
}

function runBackup(round: Round, newBytes: number): Promise<Outcome> {
  const { bench, repository } = round;
  const from = ['--bootstrap-server', bench.kafka.bootstrapServers];
  return checkedBackup(round, [...from, '--repository', repository], newBytes);
}

async function checkedBackup(
  { bench, workload }: Round,
  args: readonly string[],
  newBytes: number,
): Promise<Outcome> {
  const { outcome, result } = await runKops<BackupResult>(bench, [
    ...['backup', ...args, '--topics', workload.topic],
  ]);
  const archive = result.archives.at(-1);
  expectEqual(
    Number(archive?.records),
    workload.records,
    `records in the archive of ${workload.topic}`,
  );
  expectEqual(
    Number(archive?.bytes),
    workload.logBytes,
    `bytes in the archive of ${workload.topic}`,
  );
  expectEqual(
    Number(archive?.newBytes),
    newBytes,
    `bytes that the backup of ${workload.topic} added`,
  );
  expectEqual(Number(archive?.losses), 0, `losses in the archive of ${workload.topic}`);
  return outcome;
}

/** `kops backup` into a repository that is not there yet. */
export async function backup(round: Round): Promise<Outcome> {
  await rm(round.repository, { recursive: true, force: true });
  return runBackup(round, round.workload.logBytes);
}

/** The same command once more, when there is nothing new: what every backup costs before its first byte. */
export function backupAgain(round: Round): Promise<Outcome> {
  return runBackup(round, 0);
}

/** The same through a standing archiver, into one of its repositories, which has nothing yet. */
export function backupThrough(round: Round, config: string, repository: string): Promise<Outcome> {
  const args = ['--config', config, '--cluster', 'bench', '--repository', repository];
  return checkedBackup(round, args, round.workload.logBytes);
}

interface VerifyResult {
  readonly verification: { readonly bytes: { readonly read: number }; readonly records: number };
}

/** `kops verify` at a level. */
export function verify(level: 'checksum' | 'structure'): (round: Round) => Promise<Outcome> {
  return async ({ bench, workload, repository }) => {
    const { outcome, result } = await runKops<VerifyResult>(bench, [
      ...[
        'verify',
        '--repository',
        repository,
        '--archive',
        'latest',
        '--level',
        level,
        '--report-dir',
        bench.folder,
      ],
    ]);
    const { bytes, records } = result.verification;
    expectEqual(bytes.read, workload.logBytes, `bytes that verify read of ${workload.topic}`);
    if (level === 'structure')
      expectEqual(records, workload.records, `records that verify saw in ${workload.topic}`);
    return outcome;
  };
}

/** `kops restore` into a topic of another name in the same cluster. */
export async function restore({ bench, workload, number, repository }: Round): Promise<Outcome> {
  const topic = `${workload.topic}-restored-${String(number)}`;
  const { outcome } = await runKops<unknown>(bench, [
    ...[
      'restore',
      '--repository',
      repository,
      '--archive',
      'latest',
      '--bootstrap-server',
      bench.kafka.bootstrapServers,
    ],
    ...[
      '--topics',
      workload.topic,
      '--rename',
      `${workload.topic}=${topic}`,
      '--groups',
      'none',
      '--report-dir',
      bench.folder,
    ],
  ]);
  await expectSameLog(bench, topic, workload);
  await bench.client.deleteTopics([topic]);
  return outcome;
}
