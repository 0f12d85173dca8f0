import { counted } from '@kops/core';
import { describeTime } from './describe-time.ts';
import type { PlannedTopic, RestorePlan } from './plan.ts';

const shown = 20;

/** The plan as lines of text, for people. Long lists end in a line that counts the rest. */
export function describePlan(plan: RestorePlan): string[] {
  return [
    `Restore archive ${plan.archive} of cluster ${plan.sourceCluster} into cluster ${plan.targetCluster} by ${plan.method} (plan ${plan.digest.slice(0, 12)})`,
    `${counted(plan.topics.length, 'topic')}, offsets ${plan.offsets}${windowText(plan)}${choiceText(plan)}${plan.holdRetention ? ', retention held' : ''}`,
    ...section('Topics', plan.topics.map(describeTopic)),
    ...section(
      'Groups',
      plan.groups.map(({ group, offsets }) => `${group}: ${counted(offsets.length, 'offset')}`),
    ),
    ...section('Cannot be restored', plan.cannotRestore),
    ...section('Warnings', plan.warnings),
    ...section(
      'Refused',
      plan.refusals.map(({ message, hint }) => `${message}. ${hint}`),
    ),
  ];
}

function describeTopic(topic: PlannedTopic): string {
  const { source, target, exists, partitions } = topic;
  const exact = partitions.filter(({ strategy }) => strategy === 'exact').length;
  const bytes = partitions.reduce((sum, partition) => sum + partition.bytes, 0);
  const name = source === target ? target : `${target} (from ${source})`;
  return [
    `${name}: ${exists ? 'fill' : 'create and fill'} ${counted(topic.partitionCount, 'partition')}, replication factor ${String(topic.replicationFactor)}`,
    `${recordsText(topic)} in ${counted(bytes, 'byte')}`,
    `offsets exact in ${String(exact)}, mapped in ${String(partitions.length - exact)}`,
  ].join('; ');
}

function recordsText({ partitions }: PlannedTopic): string {
  if (partitions.length > 0 && partitions.every(({ records }) => records === null))
    return 'records not counted';
  const known = partitions.reduce((sum, { records }) => sum + (records ?? 0), 0);
  return `${partitions.some(({ records }) => records === null) ? 'at least ' : ''}${counted(known, 'record')}`;
}

function windowText({ window, topics }: RestorePlan): string {
  if (window === null) return '';
  const { from, to } = window;
  const bounds = [
    ...(from === undefined ? [] : [`from ${describeTime(from)} on`]),
    ...(to === undefined ? [] : [`before ${describeTime(to)}`]),
  ];
  return `, records ${bounds.join(' and ')}${countText(topics)}`;
}

/** How many there are, where that was found out. */
function countText(topics: readonly PlannedTopic[]): string {
  const counts = topics.flatMap(({ partitions }) => partitions.map(({ records }) => records));
  if (counts.some((count) => count === null)) return '';
  return ` (${counted(
    counts.reduce<number>((sum, count) => sum + (count ?? 0), 0),
    'record',
  )})`;
}

function choiceText({ topics }: RestorePlan): string {
  const isChoice = topics.some(({ partitions }) =>
    partitions.some(({ chosen }) => chosen !== undefined),
  );
  return isChoice ? ', only selected records' : '';
}

function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const rest = lines.length - shown;
  return [
    `${title}:`,
    ...lines.slice(0, shown).map((line) => `  ${line}`),
    ...(rest > 0 ? [`  … and ${String(rest)} more`] : []),
  ];
}
