import { KopsError, toKopsError } from '@kops/core';
import { isReaderGone, TextOutput } from './text-output.ts';

/** What became of the output of this process. */
export interface StandardStreams {
  /** Resolves when stdout took all, or takes no more. Gives why it could not be written, unless its reader has gone. */
  settled(): Promise<KopsError | undefined>;
}

/**
 * Keeps failures of stdout and stderr from ending the process. A reader that has gone, as `head` does, is no failure: the work goes on
 * without output. Other failures of stdout are kept for the end; those of stderr have nowhere to go.
 */
export function guardStandardStreams(): StandardStreams {
  const { stdout, stderr } = process;
  let failure: Error | undefined;
  // oclif has a listener of its own, which throws out of the stream.
  stdout.removeAllListeners('error');
  stdout.on('error', (error: Error) => {
    if (!isReaderGone(error, stdout)) failure ??= error;
  });
  stderr.on('error', () => undefined);
  return {
    settled: async () => {
      // The callback comes after all that was written before, also when the stream has failed.
      await new Promise<void>((resolve) => stdout.write('', () => resolve()));
      return failure === undefined ? undefined : outputFailed(failure);
    },
  };
}

/** Much text to stdout. */
export function standardOutput(): TextOutput {
  return new TextOutput(process.stdout, outputFailed);
}

function outputFailed(thrown: unknown): KopsError {
  const { code, message } = toKopsError(thrown);
  return new KopsError(code, `cannot write to standard output: ${message}`, {
    hint: 'Redirect the output to a writable file on a disk with free space, then run the command again.',
    cause: thrown,
  });
}
