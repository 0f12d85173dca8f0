import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outcome, Round, Subject } from './bench.ts';
import { readProfiles, selfTimes, type FoundProfile } from './cpu-profile.ts';
import { formatTable } from './table.ts';

const shownFunctions = 15;

/** Runs a subject with V8's profiler in all its Node processes; gives back where each of them spent its time. */
export async function profileSubject(subject: Subject, round: Round): Promise<string[]> {
  const folder = join(round.bench.folder, `profile-${round.workload.name}-${subject.name}`);
  await mkdir(folder, { recursive: true });
  const env = { ...round.bench.env, NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` };
  const outcome = await subject.run({ ...round, bench: { ...round.bench, env } });
  const profiles = await readProfiles(folder);
  return profiles.flatMap((found) => [
    '',
    ...describe(`${subject.name} of ${round.workload.name}: ${nameOf(found, outcome)}`, found),
  ]);
}

function nameOf({ pid, thread }: FoundProfile, outcome: Outcome): string {
  const role = outcome.processes.find((one) => one.pid === pid)?.role ?? `process ${String(pid)}`;
  return thread === 0 ? role : `${role}, thread ${String(thread)}`;
}

function describe(title: string, { profile }: FoundProfile): string[] {
  const times = selfTimes(profile);
  const total = times.reduce((sum, { ms }) => sum + ms, 0);
  const rows = times
    .slice(0, shownFunctions)
    .map(({ name, place, ms }) => [
      name,
      place,
      ms.toFixed(0),
      `${((ms / total) * 100).toFixed(1)} %`,
    ]);
  return [
    `${title} (${(total / 1000).toFixed(2)} s)`,
    ...formatTable([['function', 'where', 'self ms', 'share'], ...rows], 2),
  ];
}
