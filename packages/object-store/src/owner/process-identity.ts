import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/** A process, so that no other one is taken for it. */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** Start time of the process in clock ticks since boot, so that a reused pid is told apart; 0 where the system does not say. */
  readonly startTicks: number;
  /** Of the running kernel; empty where the system does not say. */
  readonly bootId: string;
  /** In which the pid counts: containers of one host, even with one host name, have several. Empty where the system does not say. */
  readonly pidNamespace: string;
}

/** What can be said of a process by asking this machine. `unknown`: it is out of sight, so only its signs of life tell. */
export type ProcessState = 'alive' | 'dead' | 'unknown';

/** This process. */
export async function thisProcess(): Promise<ProcessIdentity> {
  return {
    host: hostname(),
    pid: process.pid,
    startTicks: await startTicksOf(process.pid),
    bootId: await readBootId(),
    pidNamespace: await readPidNamespace(),
  };
}

/** Whether a process runs. It is asked for by its pid only in the PID namespace and under the kernel that gave it. */
export async function processState(
  other: ProcessIdentity,
  self?: ProcessIdentity,
): Promise<ProcessState> {
  const own = self ?? (await thisProcess());
  if (!isInSight(other, own)) return 'unknown';
  try {
    process.kill(other.pid, 0);
  } catch (error) {
    // EPERM: it lives, under another user.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'dead';
  }
  return (await startTicksOf(other.pid)) === other.startTicks ? 'alive' : 'dead';
}

function isInSight(other: ProcessIdentity, own: ProcessIdentity): boolean {
  // Systems without namespaces name neither: there the host decides.
  const isPlain = process.platform !== 'linux' && other.bootId === '' && other.pidNamespace === '';
  if (isPlain) return other.host === own.host;
  return (
    own.bootId !== '' &&
    own.pidNamespace !== '' &&
    other.bootId === own.bootId &&
    other.pidNamespace === own.pidNamespace
  );
}

async function startTicksOf(pid: number): Promise<number> {
  const fields = await statOf(String(pid));
  // A zombie has ended, only its parent has not looked yet. The start time is field 22 of proc(5), the third one being the first here.
  return fields === undefined ? 0 : fields[0] === 'Z' ? -1 : Number(fields[19]);
}

/** Fields of /proc/PID/stat from the third on: the second is the command in parentheses and may hold spaces. */
async function statOf(pid: string): Promise<string[] | undefined> {
  const stat = await readSystem(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

async function readBootId(): Promise<string> {
  return (await readSystem('/proc/sys/kernel/random/boot_id'))?.trim() ?? '';
}

/** Empty where /proc is of another namespace than this process: its pids mean other processes there. */
async function readPidNamespace(): Promise<string> {
  const self = await readSystem('/proc/self/stat');
  if (self === undefined || Number.parseInt(self, 10) !== process.pid) return '';
  try {
    return await readlink('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Undefined where the system does not say, or the process is gone. */
async function readSystem(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
