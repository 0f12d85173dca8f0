import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';

/** Which process runs a capture. */
export interface Owner {
  readonly host: string;
  readonly pid: number;
  /** Start time of the process in clock ticks since boot, so that a reused pid is told apart; 0 where the system does not say. */
  readonly startTicks: number;
}

/** This process. */
export async function thisProcess(): Promise<Owner> {
  return { host: hostname(), pid: process.pid, startTicks: await startTicksOf(process.pid) };
}

/** Whether an owner still runs. `unknown` for other hosts: only the commit log decides against those. */
export async function ownerState(owner: Owner): Promise<'alive' | 'dead' | 'unknown'> {
  if (owner.host !== hostname()) return 'unknown';
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives, under another user.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'dead';
  }
  const ticks = await startTicksOf(owner.pid);
  return ticks === owner.startTicks ? 'alive' : 'dead';
}

async function startTicksOf(pid: number): Promise<number> {
  try {
    const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
    // The second field is the command in parentheses and may hold spaces; field 22 is the start time (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended, only its parent has not looked yet.
    return fields[0] === 'Z' ? -1 : Number(fields[19]);
  } catch {
    return 0;
  }
}
