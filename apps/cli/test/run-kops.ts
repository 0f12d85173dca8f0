import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkJson } from './check-json.ts';

/** The built kops. */
export const program = fileURLToPath(new URL('../bin/kops.js', import.meta.url));

/** How a run of kops ended. */
export interface KopsRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and with what kops runs. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly timeoutMs?: number;
}

/** The state of these tests lies apart from that of the user who runs them. */
const stateHome = join(tmpdir(), `kops-test-state-${String(process.pid)}`);
process.on('exit', () => {
  rmSync(stateHome, { recursive: true, force: true });
});

/** The environment without what would configure kops. */
export function cleanEnv(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      name !== 'FORCE_COLOR' &&
      (!name.startsWith('KOPS_') || name === 'KOPS_JAVA' || name === 'KOPS_MAVEN'),
  );
  return { ...Object.fromEntries(kept), XDG_STATE_HOME: stateHome, ...extra };
}

/** Runs the built kops, as people do, to its end. */
export async function runKops(args: readonly string[], options: RunOptions = {}): Promise<KopsRun> {
  const { env, cwd, timeoutMs = 120_000 } = options;
  const child = spawn(process.execPath, [program, ...args], {
    env: cleanEnv(env),
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return { code, stdout, stderr };
}

/** The exit code of a kops whose output goes into a shell's pipe, after what reached stderr. */
export async function piped(args: readonly string[], into: string): Promise<string> {
  const script = `"$0" "$@" ${into} > /dev/null; echo "\${PIPESTATUS[0]}" >&2`;
  const child = spawn('bash', ['-c', script, process.execPath, program, ...args], {
    env: cleanEnv(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  await once(child, 'close');
  return text.trim();
}

/** Runs kops with `--json` and gives what it printed. @throws when it ended with another exit code, or the document is not as its schema says */
export async function kopsJson<T = Record<string, unknown>>(
  args: readonly string[],
  options: RunOptions & { readonly code?: number } = {},
): Promise<T> {
  const run = await runKops([...args, '--json'], options);
  if (run.code !== (options.code ?? 0))
    throw new Error(
      `kops ${args.join(' ')} ended with ${String(run.code)}:\n${run.stdout}\n${run.stderr}`,
    );
  const document = JSON.parse(run.stdout) as T;
  checkJson(args, document);
  return document;
}
