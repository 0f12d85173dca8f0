import type { GroupManifest, GroupOffset, Manifest, PartitionManifest } from '@kops/archive-format';
import { KopsError, matchesGlob } from '@kops/core';
import type { SelectedTopic } from './plan-selection.ts';
import type { PlannedGroup, PlannedGroupOffset, RestoreOptions, TargetFacts } from './plan.ts';

/** The groups' part of the plan. */
export interface GroupsPart {
  readonly groups: readonly PlannedGroup[];
  readonly warnings: readonly string[];
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
  const warnings: string[] = [];
  const groups = chooseGroups(manifest.groups, options).flatMap((group) => {
    const planned = planGroup(group, byName, warnings);
    if (planned === undefined) return [];
    const state = states.get(group.group);
    if (state !== undefined && !settable.has(state)) {
      warnings.push(
        `group ${group.group}: is ${state} on the target; its offsets can only be set once its members are gone`,
      );
    }
    return [planned];
  });
  return { groups, warnings };
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
        hint: 'List the groups of the archive and correct --groups.',
      },
    );
  }
  return groups.filter(({ group }) => wanted.some((pattern) => matchesGlob(pattern, group)));
}

function planGroup(
  group: GroupManifest,
  topics: ReadonlyMap<string, SelectedTopic>,
  warnings: string[],
): PlannedGroup | undefined {
  const offsets: PlannedGroupOffset[] = [];
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
    warnings.push(...clampWarning(group.group, offset, partition));
  }
  if (offsets.length === 0) return undefined;
  if (elsewhere > 0)
    warnings.push(
      `group ${group.group}: ${String(elsewhere)} offsets of partitions that are not restored are not set`,
    );
  return { group: group.group, offsets };
}

function clampWarning(
  group: string,
  { topic, partition, offset }: GroupOffset,
  shown: PartitionManifest,
): string[] {
  const where = `group ${group}: offset ${String(offset)} of ${topic}-${String(partition)}`;
  if (offset > shown.cut)
    return [`${where} lies beyond the cut ${String(shown.cut)} and becomes the end`];
  if (offset < shown.logStart)
    return [
      `${where} lies below the log start ${String(shown.logStart)} and becomes the first record`,
    ];
  return [];
}
