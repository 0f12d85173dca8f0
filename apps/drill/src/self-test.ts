import type { SelfTestCase } from './drill-report.ts';
import { damages, type Damage } from './damages.ts';
import { copyOf, type CopySource, type RecordCopy } from './record-copy.ts';
import { compareGroups, comparePartition, type PartitionComparison } from '@kops/verify';

const movedGroup = 'group moved';

/**
 * Proves on the sandbox that the comparison can fail: damages copies of a restored topic, one record or group each, and expects the
 * right words every time; and silence for the copies that were not damaged.
 */
export async function runSelfTest(options: CopySource): Promise<readonly SelfTestCase[]> {
  const copy = await copyOf(options);
  if (copy === undefined) return [notPossible(options)];
  const cases: SelfTestCase[] = [];
  for (const damage of damages) cases.push(await tryDamage(copy, damage));
  cases.push(await tryGroup(copy, 0n), await tryGroup(copy, 1n));
  return cases;
}

function notPossible({ plan }: CopySource): SelfTestCase {
  return {
    name: 'unchanged',
    topic: plan.topics[0]?.source ?? '',
    partition: 0,
    description: 'not possible: no partition shows two records that differ',
    passed: false,
    said: [],
  };
}

async function tryDamage(copy: RecordCopy, damage: Damage): Promise<SelfTestCase> {
  const { records, description } = damage.apply(copy.records, copy.pivot);
  const target = await copy.write(damage.name, records);
  const { kafka, archive, source, translate, signal } = copy;
  const comparison = await comparePartition({
    archive,
    kafka,
    source,
    target,
    translate,
    ...(signal === undefined ? {} : { signal }),
  });
  return {
    name: damage.name,
    topic: source.topic,
    partition: source.partition,
    description,
    passed: isRight(comparison, damage),
    said: comparison.differences.map(({ message }) => message),
  };
}

function isRight(
  { differences, equalRecords, sourceRecords }: PartitionComparison,
  damage: Damage,
): boolean {
  if (damage.kind === null)
    return differences.length === 0 && sourceRecords > 0 && equalRecords === sourceRecords;
  return differences.length === 1 && differences[0]?.kind === damage.kind;
}

/** A group on an undamaged copy: at its right place, which has to be green, or moved by one, which has to be red. */
async function tryGroup(copy: RecordCopy, moved: bigint): Promise<SelfTestCase> {
  const name = moved === 0n ? 'group unmoved' : movedGroup;
  const target = await copy.write(name, copy.records);
  const { kafka, archive, source, translate, signal } = copy;
  const offset = copy.records[copy.pivot]?.offset ?? 0n;
  const group = copy.nameGroup(name);
  const committed = translate(offset) + moved;
  await kafka.commitOffsets(group, [
    { ...target, offset: committed, leaderEpoch: -1, metadata: null },
  ]);
  const expected = { ...source, offset, leaderEpoch: -1, metadata: null };
  const { differences } = await compareGroups({
    archive,
    kafka,
    partitions: [{ source, target, translate }],
    groups: [{ group, state: 'Empty', protocolType: 'consumer', offsets: [expected] }],
    ...(signal === undefined ? {} : { signal }),
  });
  return {
    name,
    topic: source.topic,
    partition: source.partition,
    description: `a group of source offset ${offset} set to ${committed} on the copy`,
    passed: differences.length === (moved === 0n ? 0 : 1),
    said: differences.map(({ message }) => message),
  };
}
