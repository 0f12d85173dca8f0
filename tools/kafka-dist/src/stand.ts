import { errorToJson, toKopsError } from '@kops/core';

/** Prints a value as one line of JSON. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Resolves on Ctrl-C, on SIGTERM and at the end of standard input. */
export function untilToldToEnd(): Promise<void> {
  return new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, resolve);
    // A terminal has no end unless Ctrl-D is pressed; a pipe ends with whoever started this.
    process.stdin.once('end', resolve).once('error', resolve).resume();
  });
}

/** Runs a program to its end: what it throws is printed as one line of JSON, and its exit code is the process's. */
export async function runProgram(run: () => Promise<void>): Promise<void> {
  try {
    await run();
    process.exitCode = 0;
  } catch (thrown) {
    const error = toKopsError(thrown);
    process.stderr.write(`${JSON.stringify(errorToJson(error))}\n`);
    process.exitCode = error.exitCode;
  }
  // Standard input may stay open for ever; nothing is left to do.
  process.stdin.destroy();
}
