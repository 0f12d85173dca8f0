import { spawn, type ChildProcess } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { memoryFlags, threads } from './process-flags.ts';

/** How long a child may take to end once it was told to, in ms. */
const endMs = 10_000;
const keptLines = 20;

/** Children share this process' cache of compiled code, where it has one. */
function compileCache(): NodeJS.ProcessEnv {
  const directory = getCompileCacheDir();
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: directory };
}

/** The embedded processes, by what they are. */
export type ChildName = 'archiver' | 'agent';

const modules: Readonly<Record<ChildName, string>> = {
  archiver: '@kops/archiver/embedded',
  agent: '@kops/agent/embedded',
};

/** A child process that ends when this process ends, however it ends: its standard input is the leash. */
export class EmbeddedChild {
  readonly #child: ChildProcess;
  readonly #lastLines: string[] = [];
  readonly #exited: Promise<string>;
  #onLine: ((line: string) => void) | undefined;

  /** Starts it. It loads, and waits for its settings. */
  constructor(name: ChildName) {
    const module = import.meta.resolve(modules[name]);
    this.#child = spawn(
      process.execPath,
      [...process.execArgv, ...memoryFlags, fileURLToPath(module)],
      {
        stdio: ['pipe', 'pipe', 'pipe'],
        env: { ...process.env, ...compileCache(), UV_THREADPOOL_SIZE: threads },
        // A process group of its own: Ctrl-C in the terminal reaches the command, which ends its children in order.
        detached: true,
      },
    );
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve(signal ?? `exit code ${String(code)}`));
      this.#child.once('error', (error) => resolve(error.message));
    });
    // A child that dies before it has read its settings: its exit tells of it.
    this.#child.stdin?.on('error', () => undefined);
    if (this.#child.stderr !== null) {
      createInterface({ input: this.#child.stderr }).on('line', (line) => {
        this.#lastLines.push(line);
        if (this.#lastLines.length > keptLines) this.#lastLines.shift();
        this.#onLine?.(line);
      });
    }
  }

  /** Gives it its settings, with which it begins. @param onLine called with each line that it logs from now on */
  tell(settings: unknown, onLine: (line: string) => void): void {
    this.#onLine = onLine;
    this.#child.stdin?.write(`${JSON.stringify(settings)}\n`);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resolves with how it ended. */
  get exited(): Promise<string> {
    return this.#exited;
  }

  /** What it said last on stderr. */
  get lastLines(): string {
    return this.#lastLines.join('\n');
  }

  /** The first line on its standard output; undefined when it ended without one. */
  async firstLine(): Promise<string | undefined> {
    const { stdout } = this.#child;
    if (stdout === null) return undefined;
    const line = new Promise<string>((resolve) =>
      createInterface({ input: stdout }).once('line', resolve),
    );
    return Promise.race([line, this.#exited.then(() => undefined)]);
  }

  /** Ends it at once. For one that was told nothing. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Has it end, by force if it does not. The end of its standard input tells it; a signal besides would read as "at once". */
  async end(): Promise<void> {
    this.#child.stdin?.end();
    const force = setTimeout(() => this.#child.kill('SIGKILL'), endMs);
    await this.#exited;
    clearTimeout(force);
  }
}
