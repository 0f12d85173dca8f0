import { fileURLToPath } from 'node:url';
import { flush, run } from '@oclif/core';
import { meantArguments, unknownCommand } from './command-words.ts';
import { reportFailure } from './output/report-failure.ts';
import { isReaderGone } from './output/text-output.ts';

/** How the parser says that there is no such command. */
const isUnknownCommand = (error: unknown): boolean =>
  error instanceof Error && /^command \S+ not found$/.test(error.message);

/** Runs the command line of this process; its exit code says how it ended. */
export async function runCommandLine(): Promise<void> {
  // A reader that has enough, as `head` does, is no failure; what is still to be written is for nobody.
  const reader = { isGone: false };
  process.stdout.on('error', (error) => {
    if (!isReaderGone(error)) throw error;
    reader.isGone = true;
  });
  const args = meantArguments(process.argv.slice(2));
  const root = fileURLToPath(new URL('..', import.meta.url));
  try {
    await run(args, { root });
  } catch (error) {
    process.exitCode = reportFailure(isUnknownCommand(error) ? unknownCommand(args) : error, {
      json: args.includes('--json'),
    });
  } finally {
    // It waits for what a reader takes, which one that has gone never does.
    if (!reader.isGone) await flush();
  }
}
