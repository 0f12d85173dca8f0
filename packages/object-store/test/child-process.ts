import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A process of its own that works on a store. */
export interface StoreChild {
  readonly process: ChildProcess;
  /** Ends its standard input, which it may wait for. */
  readonly go: () => void;
  /** What it prints, line by line. */
  readonly lines: AsyncIterableIterator<string>;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** Starts a script of `test/children` from source. */
export function startChild(script: string, args: readonly string[]): StoreChild {
  const path = join(import.meta.dirname, 'children', script);
  const line = ['--conditions=@kops/source', path, ...args];
  const child = spawn(process.execPath, line, { stdio: ['pipe', 'pipe', 'inherit'] });
  return {
    process: child,
    go: () => {
      child.stdin.end();
    },
    lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
    ended: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        resolve(code ?? signal);
      });
    }),
  };
}
