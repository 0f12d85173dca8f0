import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { sandboxUnavailable } from './sandbox-error.ts';

/**
 * Runs "$@" and never outlives the parent, however that ends: file descriptor 3 is a pipe that only the parent holds
 * open, so that its end of file means that the parent is gone, by SIGKILL too. The command's own process id is reported
 * on descriptor 4, since signals are meant for it and not for this shell. $2 is how many tenths of a second an orphan
 * gets to end by SIGTERM. $1 is a folder to delete when orphaned, which
 * is why the watching part then no longer lets the waiting part end it. With $3 the command leads a process group of its
 * own, and it is the group that an orphan's signals go to: a launcher's child ends with it, frozen or not.
 */
const guardScript = `
cleanup=$1; grace=$2; group=$3; shift 3
if [ -n "$group" ]; then set -- setsid "$@"; fi
exec 5<&0
"$@" <&5 3<&- 4>&- 5<&- &
child=$!
exec 5<&-
echo "$child" >&4
exec 4>&-
( exec >/dev/null 2>&1
  while read -r line <&3; do :; done
  trap '' TERM
  if [ "$grace" -gt 0 ]; then kill "$child"; fi
  while [ "$grace" -gt 0 ] && kill -0 "$child"; do sleep 0.1; grace=$((grace - 1)); done
  kill -9 "$child"
  if [ -n "$group" ]; then kill -s KILL -- "-$child"; fi
  if [ -n "$cleanup" ]; then
    while kill -0 "$child"; do sleep 0.1; done
    # Bounded: what nobody reaps stays in the group for ever.
    patience=50
    while [ -n "$group" ] && [ "$patience" -gt 0 ] && kill -s 0 -- "-$child"; do
      sleep 0.1; patience=$((patience - 1))
    done
    rm -rf "$cleanup"; rmdir "$(dirname "$cleanup")"
  fi ) &
watch=$!
exec 3<&-
wait "$child"; code=$?
kill "$watch" 2>/dev/null
exit "$code"
`;

/** How {@link spawnGuarded} starts a command. */
export interface GuardOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** What to connect standard input to; `ignore` unless given. */
  readonly stdin?: 'pipe' | 'ignore';
  /** Standard output and standard error: a pipe or a file descriptor. */
  readonly stdout?: 'pipe' | 'ignore' | number;
  readonly stderr?: 'pipe' | 'ignore' | number;
  /** Folder to delete when this process dies without cleaning up. Its parent goes too when it is then empty. */
  readonly orphanCleanup?: string;
  /** How long an orphan may take to end by SIGTERM; unless given it is killed at once. */
  readonly orphanGraceMs?: number;
  /**
   * Makes the command lead a process group of its own: signals then reach all that it started, unless that left the
   * group. Needs the program `setsid`, which every Linux has.
   */
  readonly ownGroup?: boolean;
}

/** A child process that ends with its parent. */
export interface GuardedProcess {
  /** Process id of the command itself. */
  readonly pid: number;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Resolves with the exit code (128 + n after signal n); never rejects. */
  readonly exited: Promise<number>;
  readonly hasExited: boolean;
  /** Sends a signal, to the whole group where the command leads one; does nothing once the process ended. */
  signal(name: NodeJS.Signals): void;
  /** Kills the command and all that it started. */
  killAll(): void;
  /** Lets this process end while the child runs; the child then ends too. */
  unref(): void;
}

interface Live {
  /** What signals go to: the process, or with a minus the group that it leads. */
  readonly target: number;
  readonly lastSignal: NodeJS.Signals;
  readonly orphanCleanup: string | undefined;
}

const live = new Set<Live>();

function killAllAtExit(): void {
  for (const { target, lastSignal, orphanCleanup } of live) {
    sendSignal(target, lastSignal);
    if (orphanCleanup !== undefined && lastSignal === 'SIGKILL')
      rmSync(orphanCleanup, { recursive: true, force: true });
  }
}

function register(entry: Live): void {
  if (live.size === 0) process.once('exit', killAllAtExit);
  live.add(entry);
}

function unregister(entry: Live): void {
  live.delete(entry);
  if (live.size === 0) process.off('exit', killAllAtExit);
}

function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * Starts a command that cannot outlive this process: it is killed when this process exits, crashes or is killed.
 * Needs a POSIX `sh`.
 * @throws KOPS_SANDBOX_UNAVAILABLE when the command cannot be started.
 */
export async function spawnGuarded(
  command: string,
  args: readonly string[],
  options: GuardOptions = {},
): Promise<GuardedProcess> {
  const {
    stdin = 'ignore',
    stdout = 'pipe',
    stderr = 'pipe',
    orphanCleanup,
    orphanGraceMs = 0,
    ownGroup = false,
  } = options;
  const grace = String(Math.ceil(orphanGraceMs / 100));
  const guardArgs = [orphanCleanup ?? '', grace, ownGroup ? 'group' : ''];
  const stdio: StdioOptions = [stdin, stdout, stderr, 'pipe', 'pipe'];
  const shell = spawn('sh', ['-c', guardScript, 'kops-guard', ...guardArgs, command, ...args], {
    stdio,
    // A session of its own: Ctrl-C in the terminal reaches the parent, which decides what to do.
    detached: true,
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const exited = exitOf(shell);
  const [output, complaints] = [held(shell.stdout), held(shell.stderr)];
  const pid = await childPid(shell, command);
  const target = ownGroup ? -pid : pid;
  const lastSignal = orphanGraceMs > 0 ? 'SIGTERM' : 'SIGKILL';
  const entry: Live = { target, orphanCleanup, lastSignal };
  register(entry);
  let ended = false;
  const done = exited.then((code) => {
    ended = true;
    unregister(entry);
    return code;
  });
  return {
    pid,
    stdin: shell.stdin,
    stdout: output,
    stderr: complaints,
    exited: done,
    get hasExited() {
      return ended;
    },
    signal(name) {
      if (!ended) sendSignal(target, name);
    },
    killAll() {
      if (ended || shell.pid === undefined) return;
      sendSignal(-shell.pid, 'SIGKILL');
      if (ownGroup) sendSignal(target, 'SIGKILL');
    },
    unref() {
      shell.unref();
      // Pipes of children are sockets, which have an unref of their own that the stream types do not show.
      for (const stream of shell.stdio) (stream as Socket | null)?.unref();
    },
  };
}

/**
 * Keeps output for a reader that comes later: Node throws away what nobody has begun to read when a child ends, and a
 * short-lived child may end before its process id is known here.
 */
function held(source: Readable | null): Readable | null {
  if (source === null) return null;
  const target = new PassThrough();
  source.once('error', (error) => target.destroy(error));
  return source.pipe(target);
}

function exitOf(shell: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    shell.once('error', () => {
      resolve(127);
    });
    shell.once('exit', (code) => {
      shell.stdio[3]?.destroy();
      resolve(code ?? 137);
    });
  });
}

async function childPid(shell: ChildProcess, command: string): Promise<number> {
  const report = shell.stdio[4] as Readable;
  // A broken lifeline (the guard ended first) shows as the process's exit; the pipe's own error says no more.
  shell.stdio[3]?.on('error', () => undefined);
  let text = '';
  const failed = new Promise<never>((_, reject) => {
    shell.once('error', (cause) => {
      reject(
        sandboxUnavailable(
          `${command} cannot be started`,
          'Install a POSIX shell and add `sh` to the PATH.',
          { cause },
        ),
      );
    });
  });
  const read = (async (): Promise<number> => {
    for await (const piece of report) text += String(piece);
    return Number.parseInt(text, 10);
  })();
  const pid = await Promise.race([read, failed]);
  if (!Number.isSafeInteger(pid) || pid <= 1) {
    throw sandboxUnavailable(
      `${command} cannot be started`,
      'Check the limits on processes and memory of this machine.',
    );
  }
  return pid;
}
