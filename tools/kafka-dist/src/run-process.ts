import { KopsError, throwIfAborted } from '@kops/core';
import { spawnGuarded, type GuardedProcess, type GuardOptions } from './guarded-process.ts';

/** Bounds and input of a command that runs to its end. */
export interface RunOptions {
  readonly stdin?: string | Uint8Array;
  /** The command is killed after this many ms. */
  readonly timeoutMs?: number;
  /** The command is killed once its output exceeds this many bytes. */
  readonly maxOutputBytes?: number;
  readonly signal?: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** What a command that ended left behind. */
export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const defaultTimeoutMs = 120_000;
const defaultMaxOutputBytes = 256 * 1024 * 1024;

/**
 * Runs a command to its end and collects its output. A non-zero exit code is a result, not an error.
 * @throws KOPS_SANDBOX_UNAVAILABLE when it cannot start, runs out of time or writes too much; KOPS_INTERRUPTED.
 */
export async function runProcess(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  throwIfAborted(options.signal);
  const guard: GuardOptions = {
    stdin: options.stdin === undefined ? 'ignore' : 'pipe',
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  };
  const child = await spawnGuarded(command, args, guard);
  return await collect(child, command, options);
}

async function collect(
  child: GuardedProcess,
  command: string,
  options: RunOptions,
): Promise<RunResult> {
  const { timeoutMs = defaultTimeoutMs, maxOutputBytes = defaultMaxOutputBytes, signal } = options;
  let stoppedBy: KopsError | undefined;
  const stop = (reason: KopsError): void => {
    stoppedBy ??= reason;
    // All of it: what the command itself started would hold its output open for ever.
    child.killAll();
  };
  const failure = (message: string, hint: string): KopsError =>
    new KopsError('KOPS_SANDBOX_UNAVAILABLE', message, { hint });
  const timer = setTimeout(() => {
    stop(
      failure(
        `${command} did not exit within ${String(timeoutMs)} ms`,
        'Check what the process waits for, or raise the timeout.',
      ),
    );
  }, timeoutMs);
  const onAbort = (): void => {
    stop(
      KopsError.is(signal?.reason)
        ? signal.reason
        : new KopsError('KOPS_INTERRUPTED', 'interrupted'),
    );
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  let free = maxOutputBytes;
  const take = (bytes: number): void => {
    free -= bytes;
    if (free < 0)
      stop(
        failure(
          `${command} wrote more than ${String(maxOutputBytes)} bytes`,
          'Request less output at a time.',
        ),
      );
  };
  try {
    // A command may end without having read all of its input: that is its right, and its exit code tells.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.stdin);
    const [exitCode, stdout, stderr] = await Promise.all([
      child.exited,
      text(child.stdout, take),
      text(child.stderr, take),
    ]);
    if (stoppedBy !== undefined) throw stoppedBy;
    return { exitCode, stdout, stderr };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

async function text(
  stream: GuardedProcess['stdout'],
  take: (bytes: number) => void,
): Promise<string> {
  if (stream === null) return '';
  const pieces: Buffer[] = [];
  for await (const piece of stream as AsyncIterable<Buffer>) {
    take(piece.length);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** The last lines of an output without Java's stack frames, for an error message. */
export function lastLines(output: string, count = 12): string {
  return output
    .trimEnd()
    .split('\n')
    .filter((line) => !/^\s+(at |\.\.\. \d+ more)/.test(line))
    .slice(-count)
    .join('\n');
}
