import {
  describeGroupFault,
  type GroupManifest,
  type GroupOffset,
  type Manifest,
  type PartitionManifest,
} from '@kops/archive-format';
import { KopsError, matchesGlob } from '@kops/core';
import type { PlanNote } from './plan-notes.ts';
import type { SelectedTopic } from './plan-selection.ts';
import type { PlannedGroup, PlannedGroupOffset, RestoreOptions, TargetFacts } from './plan.ts';

/** The groups' part of the plan. */
export interface GroupsPart {
  readonly groups: readonly PlannedGroup[];
  readonly notes: readonly PlanNote[];
}

/** Groups without members; a group that the target does not have is not listed at all. */
const settable = new Set(['Empty', 'Dead']);

/** Plans which group offsets are set. @throws KOPS_GROUP_NOT_FOUND for a name or glob without a group */
export function planGroups(
  manifest: Manifest,
  topics: readonly SelectedTopic[],
  target: TargetFacts,
  options: RestoreOptions,
): GroupsPart {
  const byName = new Map(topics.map((selected) => [selected.topic.name, selected]));
  const states = new Map(target.groups.map(({ group, state }) => [group, state]));
  const notes: PlanNote[] = [];
  const groups = chooseGroups(manifest.groups, options).flatMap((group) => {
    const planned = planGroup(group, byName, notes);
    if (planned === undefined) return [];
    const state = states.get(group.group);
    if (state !== undefined && !settable.has(state)) {
      const text = `is ${state} on the target; its offsets can be set only when it has no members`;
      notes.push({ weight: 'different', text, kind: 'group', name: group.group });
    }
    return [planned];
  });
  for (const fault of options.groups === 'none' ? [] : (manifest.groupFaults ?? []))
    notes.push({
      ...{ weight: 'records', kind: 'group', name: fault.group ?? 'unknown' },
      text: `its committed offsets are not in the archive: ${describeGroupFault(fault)}`,
    });
  return { groups, notes };
}

function chooseGroups(
  groups: readonly GroupManifest[],
  options: RestoreOptions,
): readonly GroupManifest[] {
  const wanted = options.groups ?? ['*'];
  if (wanted === 'none') return [];
  for (const pattern of options.groups === undefined ? [] : wanted) {
    if (groups.some(({ group }) => matchesGlob(pattern, group))) continue;
    throw new KopsError(
      'KOPS_GROUP_NOT_FOUND',
      `no consumer group of the archive matches '${pattern}'`,
      {
        at: { group: pattern },
        hint: "Correct --groups; 'kops archives show' lists the groups of the archive.",
      },
    );
  }
  return groups.filter(({ group }) => wanted.some((pattern) => matchesGlob(pattern, group)));
}

function planGroup(
  group: GroupManifest,
  topics: ReadonlyMap<string, SelectedTopic>,
  notes: PlanNote[],
): PlannedGroup | undefined {
  const offsets: PlannedGroupOffset[] = [];
  const say = (text: string | undefined, count: number): void => {
    if (text === undefined) return;
    const amount = { count, noun: 'offset' };
    notes.push({ weight: 'minor', text, kind: 'group', name: group.group, amount });
  };
  let elsewhere = 0;
  for (const offset of group.offsets) {
    const selected = topics.get(offset.topic);
    const partition = selected?.topic.partitions.find(
      (candidate) => candidate.partition === offset.partition,
    );
    if (selected === undefined || partition === undefined) {
      elsewhere += 1;
      continue;
    }
    offsets.push({
      source: offset.topic,
      target: selected.target,
      partition: offset.partition,
      sourceOffset: offset.offset,
      metadata: offset.metadata,
    });
    say(clampText(offset, partition), 1);
  }
  if (offsets.length === 0) return undefined;
  if (elsewhere > 0) say('offsets are not set for partitions that are not restored', elsewhere);
  return { group: group.group, offsets };
}

/** What happens to an offset outside of what the archive shows. */
function clampText(
  { offset }: GroupOffset,
  { cut, logStart }: PartitionManifest,
): string | undefined {
  if (offset > cut) return 'offsets beyond the cut are set to the end of their partition';
  return offset < logStart
    ? 'offsets below the log start are set to the first record of their partition'
    : undefined;
}
