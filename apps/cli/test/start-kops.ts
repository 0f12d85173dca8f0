import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanEnv, program } from './run-kops.ts';

/** A kops that goes on until it is told to stop. */
export interface Standing {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<readonly [code: number | null, signal: NodeJS.Signals | null]>;
}

const started: Standing[] = [];

/** Starts a kops, by a wrapper if one is given; {@link endAll} must be called after each test. */
export function start(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  { cwd, wrapper = [] }: { cwd?: string; wrapper?: readonly string[] } = {},
): Standing {
  const [command = '', ...rest] = [...wrapper, process.execPath, program, ...args];
  const child = spawn(command, rest, {
    env: cleanEnv(env),
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const standing = { child, output: () => output, ended };
  started.push(standing);
  return standing;
}

/** Ends what was started and still runs. */
export async function endAll(): Promise<void> {
  for (const { child, ended } of started.splice(0)) {
    child.kill('SIGKILL');
    await ended;
  }
}

/** Waits for something to come true. */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline;) {
    if (await isTrue()) return;
    await sleep(50);
  }
  throw new Error(`never: ${what}`);
}

/** Waits until a text was printed. */
export const saying = (standing: Standing, text: string): Promise<void> =>
  until(`${text} in ${standing.output()}`, () => standing.output().includes(text));
