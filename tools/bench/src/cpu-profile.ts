import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** The part of a V8 CPU profile that is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
  }[];
  /** Node that was running at each sample. */
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** Time spent in a function itself, without what it calls. */
export interface SelfTime {
  readonly name: string;
  readonly place: string;
  readonly ms: number;
}

function placeOf(url: string, line: number): string {
  if (url === '') return '';
  const path =
    /(?:packages|apps|node_modules|tools)\/.*$/.exec(url)?.[0] ??
    (url.startsWith('node:') ? url : basename(url));
  return `${path}:${String(line + 1)}`;
}

/** Self times by function, the largest first. `(idle)`, `(program)` (native code) and `(garbage collector)` are V8's own. */
export function selfTimes(profile: CpuProfile): SelfTime[] {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const byFunction = new Map<string, SelfTime>();
  for (const [index, id] of profile.samples.entries()) {
    const frame = frames.get(id);
    if (frame === undefined) continue;
    const name = frame.functionName === '' ? '(anonymous)' : frame.functionName;
    const place = placeOf(frame.url, frame.lineNumber);
    const key = `${name} ${place}`;
    const ms = (byFunction.get(key)?.ms ?? 0) + (profile.timeDeltas[index] ?? 0) / 1000;
    byFunction.set(key, { name, place, ms });
  }
  return [...byFunction.values()].sort((a, b) => b.ms - a.ms);
}

/** A profile that a Node process left in a folder. */
export interface FoundProfile {
  readonly pid: number;
  /** 0 for the main thread. */
  readonly thread: number;
  readonly profile: CpuProfile;
}

/** Reads the profiles that `--cpu-prof` left: CPU.<day>.<time>.<pid>.<thread>.<number>.cpuprofile. */
export async function readProfiles(folder: string): Promise<FoundProfile[]> {
  const found: FoundProfile[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const [, pid, thread] = /^CPU\.\d+\.\d+\.(\d+)\.(\d+)\.\d+\.cpuprofile$/.exec(name) ?? [];
    if (pid === undefined) continue;
    found.push({
      pid: Number(pid),
      thread: Number(thread),
      profile: JSON.parse(await readFile(join(folder, name), 'utf8')) as CpuProfile,
    });
  }
  return found;
}
