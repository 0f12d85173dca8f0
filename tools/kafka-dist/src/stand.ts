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
