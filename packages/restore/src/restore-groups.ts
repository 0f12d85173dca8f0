import { KopsError, mapLimit, type Offset } from '@kops/core';
import type { RestoreTarget } from './execute-options.ts';
import { mapOffsets } from './mapping-file.ts';
import type { PlannedGroup, PlannedGroupOffset, PlannedPartition, RestorePlan } from './plan.ts';
import { mappingPath, partitionKey } from './restore-state.ts';
import type { GroupOffsetResult, GroupResult } from './result.ts';
import type { StateKeeper } from './state-keeper.ts';

const parallel = 4;

/** Failures that say nothing about other groups. */
const ofThisGroup = ['KOPS_REFUSED', 'KOPS_ACCESS_DENIED', 'KOPS_KAFKA_PROTOCOL'] as const;

interface RestoredPartition {
  readonly key: string;
  readonly planned: PlannedPartition;
}

interface Translation {
  readonly planned: PlannedPartition;
  readonly offsets: ReadonlyMap<Offset, Offset>;
}

/** Sets the groups' offsets, translated. A group that cannot be set is reported and does not stop the others. */
export async function restoreGroups(
  kafka: RestoreTarget,
  plan: RestorePlan,
  state: StateKeeper,
): Promise<GroupResult[]> {
  const translations = await translate(plan, state.path);
  return await mapLimit(plan.groups, parallel, async (group) => {
    const offsets = group.offsets.map((offset) => translateOffset(offset, translations));
    if (state.state.groups.has(group.group))
      return { group: group.group, status: 'set' as const, offsets, error: null };
    const result = await setGroup(kafka, group, offsets);
    if (result.status === 'set') {
      state.state.groups.add(group.group);
      await state.saveIfDue();
    }
    return result;
  });
}

/** Reads each mapping once, for the offsets of all groups. */
async function translate(
  plan: RestorePlan,
  statePath: string,
): Promise<ReadonlyMap<string, Translation>> {
  const partitions = new Map<string, RestoredPartition>();
  for (const [index, topic] of plan.topics.entries()) {
    for (const planned of topic.partitions) {
      partitions.set(placeOf(topic.target, planned.partition), {
        key: partitionKey(index, planned.partition),
        planned,
      });
    }
  }
  const wanted = new Map<string, Set<Offset>>();
  for (const { target, partition, sourceOffset } of plan.groups.flatMap(({ offsets }) => offsets)) {
    const place = placeOf(target, partition);
    const offsets = wanted.get(place) ?? new Set();
    wanted.set(place, offsets.add(sourceOffset));
  }
  const entries = await mapLimit(
    wanted,
    parallel,
    async ([place, offsets]): Promise<[string, Translation][]> => {
      const restored = partitions.get(place);
      if (restored === undefined) return [];
      return [
        [
          place,
          {
            planned: restored.planned,
            offsets: await mapOffsets(mappingPath(statePath, restored.key), offsets),
          },
        ],
      ];
    },
  );
  return new Map(entries.flat());
}

function translateOffset(
  { target, partition, sourceOffset }: PlannedGroupOffset,
  translations: ReadonlyMap<string, Translation>,
): GroupOffsetResult {
  const translation = translations.get(placeOf(target, partition));
  const targetOffset = translation?.offsets.get(sourceOffset);
  if (translation === undefined || targetOffset === undefined) {
    throw new KopsError('KOPS_UNEXPECTED', 'a group offset has no translation', {
      at: { topic: target, partition, offset: sourceOffset },
      hint: 'Report this bug.',
    });
  }
  return {
    topic: target,
    partition,
    sourceOffset,
    targetOffset,
    clamped: clampOf(translation.planned, sourceOffset),
  };
}

function clampOf(
  { sourceStart, sourceEnd }: PlannedPartition,
  offset: Offset,
): GroupOffsetResult['clamped'] {
  if (offset > sourceEnd) return 'end';
  return offset < sourceStart ? 'start' : null;
}

async function setGroup(
  kafka: RestoreTarget,
  planned: PlannedGroup,
  offsets: readonly GroupOffsetResult[],
): Promise<GroupResult> {
  const { group } = planned;
  const commits = offsets.map(({ topic, partition, targetOffset }, index) => ({
    topic,
    partition,
    offset: targetOffset,
    // An epoch of the source above the target's makes Java consumers wait for ever.
    leaderEpoch: -1,
    metadata: planned.offsets[index]?.metadata ?? null,
  }));
  try {
    await kafka.commitOffsets(group, commits);
    return { group, status: 'set', offsets, error: null };
  } catch (thrown) {
    if (!ofThisGroup.some((code) => KopsError.is(thrown, code))) throw thrown;
    return { group, status: 'refused', offsets, error: KopsError.locate(thrown, { group }) };
  }
}

function placeOf(topic: string, partition: number): string {
  return `${topic}/${String(partition)}`;
}
