import type { Subject, WorkloadName } from './bench.ts';
import { indexSubjects } from './catalog/index-stages.ts';
import { standingBackup, standingBackupIndexing } from './catalog/standing-backup.ts';
import { consumerPerformance, producerPerformance } from './java-tools.ts';
import { backup, backupAgain, restore, verify } from './kops-commands.ts';
import { fetchStage, kafkajsConsumer, streamStage, writeStage } from './stage-scripts.ts';

const large: readonly WorkloadName[] = ['plain', 'json'];
const all: readonly WorkloadName[] = ['plain', 'json', 'small', 'catalog'];

/** All that is measured, in the order of a round. */
export const subjects: readonly Subject[] = [
  { name: 'stage-fetch', workloads: large, run: fetchStage },
  { name: 'stage-stream', workloads: large, run: streamStage },
  { name: 'stage-write', workloads: large, writes: true, run: writeStage },
  { name: 'backup', workloads: all, writes: true, run: backup },
  {
    name: 'backup-again',
    workloads: ['plain', 'json', 'small'],
    needs: ['backup'],
    run: backupAgain,
  },
  { name: 'verify-checksum', workloads: large, needs: ['backup'], run: verify('checksum') },
  {
    name: 'verify-structure',
    workloads: ['plain', 'json', 'small'],
    needs: ['backup'],
    run: verify('structure'),
  },
  { name: 'restore', workloads: large, needs: ['backup'], writes: true, run: restore },
  { name: 'java-producer', workloads: large, writes: true, run: producerPerformance },
  { name: 'java-consumer', workloads: large, run: consumerPerformance },
  // kafkajs reads no zstd.
  { name: 'kafkajs-consumer', workloads: ['plain'], run: kafkajsConsumer },
  { name: 'backup-standing', workloads: ['plain'], writes: true, run: standingBackup },
  {
    name: 'backup-indexing',
    workloads: ['plain'],
    needs: ['backup', 'backup-standing'],
    writes: true,
    run: standingBackupIndexing,
  },
  ...indexSubjects,
];

/** Commands of kops, which can be profiled. */
export const profiledSubjects = ['backup', 'verify-structure', 'restore'];

/** Words that `--only` knows. */
export const selectable: readonly string[] = [
  ...all,
  ...subjects.map(({ name }) => name),
  ...subjects.flatMap(({ name, workloads }) => workloads.map((workload) => `${workload}/${name}`)),
];

/** What is measured of a workload: all, or what `only` names together with what that needs. */
export function selectSubjects(workload: WorkloadName, only: readonly string[]): Subject[] {
  const own = subjects.filter(({ workloads }) => workloads.includes(workload));
  const isWanted = ({ name }: Subject): boolean =>
    only.length === 0 ||
    [workload, name, `${workload}/${name}`].some((word) => only.includes(word));
  const wanted = own.filter(isWanted);
  const needed = new Set(wanted.flatMap(({ name, needs = [] }) => [name, ...needs]));
  return own.filter(({ name }) => needed.has(name));
}

/**
 * The order in a round: every second round runs the other way round, as far as subjects do not need each other, so that what comes first, or
 * after something, is not always the same.
 */
export function orderOf(chosen: readonly Subject[], round: number): Subject[] {
  const byName = new Map(chosen.map((subject) => [subject.name, subject]));
  const order = new Set<Subject>();
  const add = (subject: Subject): void => {
    for (const name of subject.needs ?? []) {
      const needed = byName.get(name);
      if (needed !== undefined) add(needed);
    }
    order.add(subject);
  };
  for (const subject of round % 2 === 1 ? chosen : chosen.toReversed()) add(subject);
  return [...order];
}
