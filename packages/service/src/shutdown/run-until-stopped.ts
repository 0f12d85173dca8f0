import { toKopsError, type Logger } from '@kops/core';
import { createLogger } from '../logging/logger.ts';
import { withStopSignal, type StopOptions } from './stop-signal.ts';

/** Options of {@link runUntilStopped}. */
export interface RunOptions extends StopOptions {
  /** Where a failure is reported; a logger to stderr by default. */
  readonly logger?: Logger;
}

/**
 * The outermost frame of a process that serves until it is told to stop. Ends the process: with 0 when `main` ends well (also after
 * it was stopped), else with the exit code of its error, after one log line about it. An error that nobody caught ends the process
 * at once the same way: what state it left is unknown.
 */
export async function runUntilStopped(
  main: (signal: AbortSignal) => Promise<void>,
  options: RunOptions = {},
): Promise<void> {
  const logger = options.logger ?? createLogger();
  const exit = options.exit ?? ((code: number) => process.exit(code));
  const fail = (thrown: unknown, message: string): void => {
    const error = toKopsError(thrown);
    // An interruption is the operator's wish and no failure of ours.
    const level = error.code === 'KOPS_INTERRUPTED' ? 'info' : 'error';
    logger[level](`${message}: ${error.message}`, { error });
    exit(error.exitCode);
  };
  const onUncaught = (thrown: unknown): void => {
    fail(thrown, 'uncaught error');
  };
  process.on('uncaughtException', onUncaught);
  process.on('unhandledRejection', onUncaught);
  try {
    await withStopSignal(main, options);
    exit(0);
  } catch (error) {
    fail(error, 'stopped');
  } finally {
    process.off('uncaughtException', onUncaught);
    process.off('unhandledRejection', onUncaught);
  }
}
