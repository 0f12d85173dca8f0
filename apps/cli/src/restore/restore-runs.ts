import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { KopsError } from '@kops/core';
import { shellCommand } from '../output/shell-command.ts';
import { stateHome, stateVariables } from '../settings/state-home.ts';
import { requestWords, type RestoreRequest, type StoredChoice } from './restore-request.ts';

/** A restore that was begun: all that another run needs to continue it. */
export interface RestoreRun {
  readonly version: 1;
  readonly archive: string;
  readonly repository: { readonly id: string; readonly location: string };
  readonly targetCluster: string;
  readonly bootstrapServer: string;
  /** Absolute paths, if the flags were given. */
  readonly config: string | null;
  readonly reportDir: string | null;
  readonly request: RestoreRequest;
  readonly choice: readonly StoredChoice[] | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
}

/** A run and the folder of its state. */
export interface StoredRun {
  readonly folder: string;
  readonly run: RestoreRun;
}

const fileName = 'run.json';

/** Where states of restores lie, whatever the current directory. */
export function restoresFolder(): string {
  return join(stateHome(), 'restores');
}

/** File of the state of a run. */
export function statePathOf({ folder }: StoredRun): string {
  return join(folder, 'state.json');
}

/** Whether a run came as far as to create its first topic. */
export async function hasState(stored: StoredRun): Promise<boolean> {
  try {
    await stat(statePathOf(stored));
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw thrown;
  }
}

/** Remembers a run, durably. */
export async function writeRun({ folder, run }: StoredRun): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, fileName);
  await using file = await open(`${path}.new`, 'w', 0o600);
  await file.writeFile(JSON.stringify({ sha256: digestOf(run), run }));
  await file.sync();
  await rename(`${path}.new`, path);
}

/** Restores from a repository into a cluster, the latest first. @throws KOPS_OBJECT_CORRUPT for a damaged one */
export async function findRuns(repositoryId: string, targetCluster: string): Promise<StoredRun[]> {
  const parent = restoresFolder();
  const found = await Promise.all(
    (await folders(parent)).map((name) => readRun(join(parent, name))),
  );
  return found
    .filter((stored) => stored !== undefined)
    .filter(({ run }) => run.repository.id === repositoryId && run.targetCluster === targetCluster)
    .sort((a, b) => (a.run.startedAt < b.run.startedAt ? 1 : -1));
}

async function folders(parent: string): Promise<string[]> {
  try {
    return await readdir(parent);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw thrown;
  }
}

async function readRun(folder: string): Promise<StoredRun | undefined> {
  const path = join(folder, fileName);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (thrown) {
    // A state without it was never begun by this command.
    if (['ENOENT', 'ENOTDIR'].includes((thrown as NodeJS.ErrnoException).code ?? ''))
      return undefined;
    throw thrown;
  }
  try {
    const { sha256, run } = JSON.parse(text) as { sha256: string; run: RestoreRun };
    // The digest makes sure that the text is one that writeRun wrote, so its shape needs no second check.
    if (digestOf(run) !== sha256) throw new Error('its digest does not match');
    return { folder, run };
  } catch (cause) {
    throw new KopsError('KOPS_OBJECT_CORRUPT', `the restore state ${path} is damaged`, {
      at: { object: path },
      hint: `Delete ${folder}, then run that restore again without --resume.`,
      cause,
    });
  }
}

function digestOf(run: RestoreRun): string {
  return createHash('sha256').update(JSON.stringify(run)).digest('hex');
}

/** The command that continues a run, from any directory. */
export function resumeCommand(run: RestoreRun): string {
  const words = [
    ...['kops', 'restore', '--repository', run.repository.location, '--archive', run.archive],
    ...['--bootstrap-server', run.bootstrapServer, ...requestWords(run.request)],
    ...(run.config === null ? [] : ['--config', run.config]),
    ...(run.reportDir === null ? [] : ['--report-dir', run.reportDir]),
    '--resume',
  ];
  return shellCommand(words, stateVariables());
}
