import { setTimeout as sleep } from 'node:timers/promises';
import { KopsError, throwIfAborted } from '@kops/core';
import { spawnGuarded } from '@kops/kafka-dist';
import { ProcessSampler, reapedCpuSeconds, type ProcessUse } from './process-tree.ts';

/** A command to measure. */
export interface MeasuredCommand {
  /** For messages. */
  readonly what: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What running it took. */
export interface CommandUse {
  readonly stdout: string;
  /** From its start to its end. */
  readonly wallSeconds: number;
  /** User and system time of the command and all that it started and waited for. */
  readonly cpuSeconds: number;
  readonly processes: readonly ProcessUse[];
}

const maxOutputChars = 16 * 1024 * 1024;
/** How long a command may take to end by SIGTERM, in ms. */
const endMs = 15_000;

async function collect(stream: AsyncIterable<Buffer> | null): Promise<string> {
  const pieces: string[] = [];
  let length = 0;
  for await (const piece of stream ?? []) {
    length += piece.length;
    if (length <= maxOutputChars) pieces.push(piece.toString('utf8'));
  }
  return pieces.join('');
}

/**
 * Runs a command to its end and measures it. One at a time: the CPU time of ended children is not kept apart.
 * @throws KOPS_UNEXPECTED when it does not end with 0, or not in time; KOPS_INTERRUPTED.
 */
export async function runMeasured(command: MeasuredCommand): Promise<CommandUse> {
  throwIfAborted(command.signal);
  const { cwd, env } = command;
  const cpuBefore = reapedCpuSeconds();
  const started = performance.now();
  const child = await spawnGuarded(command.command, command.args, {
    cwd,
    ...(env === undefined ? {} : { env }),
    orphanGraceMs: endMs,
  });
  const sampler = new ProcessSampler(child.pid);
  let why: string | undefined;
  const end = (reason: string): void => {
    why ??= reason;
    child.signal('SIGTERM');
    void sleep(endMs, undefined, { ref: false }).then(() => child.killAll());
  };
  const timer = setTimeout(
    () => end(`did not end within ${String(command.timeoutMs / 1000)} s`),
    command.timeoutMs,
  );
  const onAbort = (): void => end('was stopped');
  command.signal.addEventListener('abort', onAbort, { once: true });
  try {
    const [stdout, stderr, code] = await Promise.all([
      collect(child.stdout),
      collect(child.stderr),
      child.exited,
    ]);
    const wallSeconds = (performance.now() - started) / 1000;
    throwIfAborted(command.signal);
    if (code !== 0) why ??= `ended with exit code ${String(code)}`;
    if (why !== undefined) throw failed(`${command.what} ${why}`, stderr || stdout);
    return {
      stdout,
      wallSeconds,
      cpuSeconds: reapedCpuSeconds() - cpuBefore,
      processes: sampler.stop(),
    };
  } finally {
    sampler.stop();
    clearTimeout(timer);
    command.signal.removeEventListener('abort', onAbort);
  }
}

function failed(message: string, output: string): KopsError {
  // Why is at the front of a thrown error, and at the end of what tools print.
  const all = output.trim().split('\n');
  const lines = all.length <= 24 ? all : [...all.slice(0, 12), '…', ...all.slice(-12)];
  return new KopsError('KOPS_UNEXPECTED', `${message}\n${lines.join('\n')}`, {
    hint: 'Run the command by hand to see more of it.',
  });
}
