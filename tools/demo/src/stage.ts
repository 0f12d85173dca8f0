import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { formatDuration } from '@kops/service';

const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
const paint = (code: number, text: string): string =>
  colour ? `\u001b[${String(code)}m${text}\u001b[0m` : text;

/** Text that stands out. */
export const bold = (text: string): string => paint(1, text);
/** Text that stays in the background. */
export const dim = (text: string): string => paint(2, text);
/** Good news. */
export const green = (text: string): string => paint(32, text);
/** Bad news. */
export const red = (text: string): string => paint(31, text);

/** Prints a line. */
export function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** How long each stage took, for the summary. */
export const timings: { readonly title: string; readonly ms: number }[] = [];

/** Runs one stage of the demo under its headline. */
export async function stage<T>(title: string, work: () => Promise<T>): Promise<T> {
  say();
  say(bold(`${String(timings.length + 1)}. ${title}`));
  const started = performance.now();
  const result = await work();
  const ms = performance.now() - started;
  timings.push({ title, ms });
  say(dim(`   ${formatDuration(ms)}`));
  return result;
}

const kops = fileURLToPath(new URL('../../../apps/cli/bin/kops.js', import.meta.url));

/** Runs `kops` as a user would, shows what it says, and gives back what it printed. Any exit code but 0 ends the demo. */
export async function runKops(args: readonly string[], signal: AbortSignal): Promise<string> {
  say(`   ${green('$')} npx kops ${args.join(' ')}`);
  const child = spawn(process.execPath, [kops, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGTERM',
  });
  let output = '';
  const show = (piece: Buffer, keep: boolean): void => {
    const text = piece.toString('utf8');
    if (keep) output += text;
    for (const line of text.trimEnd().split('\n')) say(`     ${line}`);
  };
  child.stdout.on('data', (piece: Buffer) => show(piece, true));
  child.stderr.on('data', (piece: Buffer) => show(piece, false));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  if (code !== 0) throw new Error(`kops ${args[0] ?? ''} ended with exit code ${String(code)}`);
  return output;
}
