import { readFileSync } from 'node:fs';

/** The kernel's unit of CPU time in /proc: USER_HZ, which is 100 on every Linux. */
const ticksPerSecond = 100;
const sampleMs = 50;

/** What became of one process of a measured command. */
export interface ProcessUse {
  /** `main`, or what {@link roleOf} makes of its command line. */
  readonly role: string;
  readonly pid: number;
  /** Largest resident set, in bytes, as the kernel kept it (VmHWM). */
  readonly peakRssBytes: number;
  /** User and system time until the last sample. */
  readonly cpuSeconds: number;
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return undefined; // The process has ended, or this is no Linux.
  }
}

/** The numbers of /proc/PID/stat from the third field (state) on: the name before them may hold anything. */
function statFields(pid: number | 'self'): readonly string[] {
  const stat = readProc(`${String(pid)}/stat`) ?? '';
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

const seconds = (fields: readonly string[], first: number): number =>
  (Number(fields[first] ?? 0) + Number(fields[first + 1] ?? 0)) / ticksPerSecond;

/** User and system time of a running process so far; 0 where the kernel does not say. */
export function cpuSecondsOf(pid: number): number {
  return seconds(statFields(pid), 11);
}

/** User and system time of all children that this process has waited for, and of those that they waited for. */
export function reapedCpuSeconds(): number {
  return seconds(statFields('self'), 13);
}

/** Which part of kops a command line is: its embedded processes are children of the command. */
export function roleOf(commandLine: string): string {
  return /\/(agent|archiver|receiver)[./]/.exec(commandLine)?.[1] ?? 'child';
}

function childrenOf(pid: number): number[] {
  const text = readProc(`${String(pid)}/task/${String(pid)}/children`) ?? '';
  return text.split(' ').filter(Boolean).map(Number);
}

function sample(pid: number, role: string): ProcessUse {
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readProc(`${String(pid)}/status`) ?? '')?.[1];
  return { role, pid, peakRssBytes: Number(peak ?? 0) * 1024, cpuSeconds: cpuSecondsOf(pid) };
}

/** Follows a process and its descendants until it is stopped. */
export class ProcessSampler {
  readonly #root: number;
  readonly #seen = new Map<number, ProcessUse>();
  readonly #timer: NodeJS.Timeout;

  constructor(root: number) {
    this.#root = root;
    this.#sampleTree(root);
    this.#timer = setInterval(() => this.#sampleTree(root), sampleMs);
  }

  /** All processes that were seen. */
  stop(): ProcessUse[] {
    clearInterval(this.#timer);
    return [...this.#seen.values()];
  }

  #sampleTree(pid: number): void {
    // The role anew each time: between fork and exec a child still has its parent's command line.
    const now = sample(pid, this.#roleOf(pid));
    // A process that is ending has no memory any more.
    if (now.peakRssBytes > 0) this.#seen.set(pid, now);
    for (const child of childrenOf(pid)) this.#sampleTree(child);
  }

  #roleOf(pid: number): string {
    if (pid === this.#root) return 'main';
    return roleOf((readProc(`${String(pid)}/cmdline`) ?? '').replaceAll('\0', ' '));
  }
}
