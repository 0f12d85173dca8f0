import { fileURLToPath } from 'node:url';
import { flush, run } from '@oclif/core';
import { reportFailure } from './output/report-failure.ts';
import { isReaderGone } from './output/text-output.ts';

/** Runs the command line of this process; its exit code says how it ended. */
export async function runCommandLine(): Promise<void> {
  // A reader that has enough, as `head` does, is no failure; what is still to be written is for nobody.
  const reader = { isGone: false };
  process.stdout.on('error', (error) => {
    if (!isReaderGone(error)) throw error;
    reader.isGone = true;
  });
  const root = fileURLToPath(new URL('..', import.meta.url));
  try {
    await run(process.argv.slice(2), { root });
  } catch (error) {
    process.exitCode = reportFailure(error, { json: process.argv.includes('--json') });
  } finally {
    // It waits for what a reader takes, which one that has gone never does.
    if (!reader.isGone) await flush();
  }
}
