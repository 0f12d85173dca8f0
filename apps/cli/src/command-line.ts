import { fileURLToPath } from 'node:url';
import { run } from '@oclif/core';
import { meantArguments, unknownCommand } from './command-words.ts';
import { reportFailure } from './output/report-failure.ts';
import { guardStandardStreams } from './output/standard-streams.ts';

/** Exit codes that say more than that the output could not be written. */
const strongerExits: ReadonlySet<number> = new Set([20, 21]);

/** How the parser says that there is no such command. */
const isUnknownCommand = (error: unknown): boolean =>
  error instanceof Error && /^command \S+ not found\.?$/i.test(error.message);

/** Runs the command line of this process; its exit code says how it ended. */
export async function runCommandLine(): Promise<void> {
  const streams = guardStandardStreams();
  const args = meantArguments(process.argv.slice(2));
  const root = fileURLToPath(new URL('..', import.meta.url));
  let exit = 0;
  try {
    await run(args, { root });
  } catch (error) {
    exit = reportFailure(isUnknownCommand(error) ? unknownCommand(args) : error, {
      json: args.includes('--json'),
    });
    process.exitCode = exit;
  }
  const failure = await streams.settled();
  // One error is enough: the first.
  if (failure === undefined || exit !== 0) return;
  const unwritten = reportFailure(failure, { json: false });
  if (!strongerExits.has(Number(process.exitCode ?? 0))) process.exitCode = unwritten;
}
