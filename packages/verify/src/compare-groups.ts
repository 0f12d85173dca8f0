import type { GroupManifest, GroupOffset } from '@kops/archive-format';
import { formatTopicPartition, mapLimit, throwIfAborted, type Offset } from '@kops/core';
import type { CommittedOffset } from '@kops/kafka';
import type {
  ComparedPartition,
  CompareGroupsOptions,
  Difference,
  GroupsComparison,
} from './compare-port.ts';
import { describeRecord, printRecord, type RecordPrint } from './record-print.ts';
import { archiveRecords, targetRecords, type RecordGroup } from './record-stream.ts';

const parallelPartitions = 4;
const parallelGroups = 4;
/** One record is wanted: a small fetch will do, a broker gives at least one batch. */
const fetchBytes = 16 * 1024;

interface Expectation {
  readonly group: string;
  readonly offset: GroupOffset;
}

/**
 * Compares where consumer groups go on: the record that a group would read next on the target has to be the one that it would have read
 * next on the source, by content and by place; at the end, there must be none on either side. Metadata has to be equal.
 *
 * @throws the errors of KafkaClient and Archive; KOPS_INTERRUPTED
 */
export async function compareGroups(options: CompareGroupsOptions): Promise<GroupsComparison> {
  const { archive, kafka, partitions, targetGroup = (name: string) => name } = options;
  const groups = options.groups ?? archive.manifest.groups;
  const byPlace = new Map(
    partitions.map((partition) => [formatTopicPartition(partition.source), partition]),
  );
  const committed = await readCommitted(groups, byPlace, options);
  const differences: Difference[] = [];
  let offsets = 0;
  await mapLimit(
    expectationsByPlace(groups, byPlace),
    parallelPartitions,
    async ([place, expected]) => {
      const stop = options.signal === undefined ? {} : { signal: options.signal };
      const transactions = await archive.scanTransactions(place.source, stop);
      // Many groups stand at the same offset: each place is read once.
      const nextRecords = new Map<Offset, Promise<RecordPrint | undefined>>();
      for (const { group, offset } of expected) {
        throwIfAborted(options.signal);
        offsets++;
        const next =
          nextRecords.get(offset.offset) ??
          firstPrint(
            archiveRecords(archive, place.source, { from: offset.offset, transactions, ...stop }),
          );
        nextRecords.set(offset.offset, next);
        const found = committed.get(group)?.get(formatTopicPartition(place.target));
        const problem = await compareOffset({
          place,
          offset,
          found,
          wanted: await next,
          kafka,
          ...stop,
        });
        if (problem !== undefined)
          differences.push(describe(group, targetGroup(group), { place, offset, found, problem }));
      }
    },
  );
  const named = new Set(groups.map(({ group }) => group));
  return { groups: named.size, offsets, differences };
}

async function readCommitted(
  groups: readonly GroupManifest[],
  byPlace: ReadonlyMap<string, ComparedPartition>,
  { kafka, targetGroup = (name) => name, signal }: CompareGroupsOptions,
): Promise<ReadonlyMap<string, ReadonlyMap<string, CommittedOffset>>> {
  const wanted = groups.filter(({ offsets }) =>
    offsets.some((at) => byPlace.has(formatTopicPartition(at))),
  );
  const entries = await mapLimit(wanted, parallelGroups, async ({ group }) => {
    throwIfAborted(signal);
    const offsets = await kafka.committedOffsets(targetGroup(group));
    const byTarget = new Map(offsets.map((offset) => [formatTopicPartition(offset), offset]));
    return [group, byTarget] as const;
  });
  return new Map(entries);
}

function expectationsByPlace(
  groups: readonly GroupManifest[],
  byPlace: ReadonlyMap<string, ComparedPartition>,
): Map<ComparedPartition, Expectation[]> {
  const result = new Map<ComparedPartition, Expectation[]>();
  for (const { group, offsets } of groups) {
    for (const offset of offsets) {
      const place = byPlace.get(formatTopicPartition(offset));
      if (place === undefined) continue;
      const expected = result.get(place) ?? [];
      expected.push({ group, offset });
      result.set(place, expected);
    }
  }
  return result;
}

interface OffsetParts {
  readonly place: ComparedPartition;
  readonly offset: GroupOffset;
  readonly found: CommittedOffset | undefined;
}

/** What is wrong with a group's offset; undefined when it is right. */
async function compareOffset({
  place,
  offset,
  found,
  wanted,
  kafka,
  signal,
}: OffsetParts & {
  wanted: RecordPrint | undefined;
  kafka: CompareGroupsOptions['kafka'];
  signal?: AbortSignal;
}): Promise<string | undefined> {
  if (found === undefined) return 'has no offset on the target';
  // Kafka keeps no difference between no metadata and empty metadata.
  if ((found.metadata ?? '') !== (offset.metadata ?? ''))
    return `has the metadata ${JSON.stringify(found.metadata)}, it was ${JSON.stringify(offset.metadata)}`;
  const options = { from: found.offset, fetchBytes, ...(signal === undefined ? {} : { signal }) };
  const next = await firstPrint(targetRecords(kafka, place.target, options));
  if (wanted === undefined && next === undefined) return undefined;
  if (next === undefined) return `would read no more records, but should read ${tell(wanted)}`;
  if (wanted === undefined) return `would read ${tell(next)}, but should read no more records`;
  if (next.digest !== wanted.digest)
    return `would read ${tell(next)} next, but should read ${tell(wanted)}`;
  const right = place.translate(wanted.offset);
  if (next.offset === right) return undefined;
  return `would read a record with the same content at offset ${next.offset}, but the right one is at ${right}`;
}

async function firstPrint(groups: AsyncIterable<RecordGroup>): Promise<RecordPrint | undefined> {
  for await (const { records, timestampType } of groups)
    for (const record of records) return printRecord(record, timestampType);
  return undefined;
}

function tell(print: RecordPrint | undefined): string {
  return print === undefined ? 'nothing' : `offset ${print.offset} (${describeRecord(print)})`;
}

function describe(
  group: string,
  targetGroup: string,
  { place, offset, found, problem }: OffsetParts & { problem: string },
): Difference {
  return {
    severity: 'error',
    kind: 'group',
    source: { ...place.source, offset: offset.offset },
    target: { ...place.target, offset: found?.offset ?? null },
    group: targetGroup,
    fields: ['offset'],
    count: 1,
    message: `group ${group} on ${formatTopicPartition(place.source)}: ${problem}`,
  };
}
