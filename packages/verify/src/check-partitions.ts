import {
  emptySegmentList,
  listKey,
  sliceList,
  type PartitionManifest,
  type SegmentEntry,
  type SegmentList,
  type TopicManifest,
} from '@kops/archive-format';
import { mapLimit, throwIfAborted } from '@kops/core';
import type { Archive } from '@kops/repository';
import { checkPartitionManifest, checkSegmentList, placeOf, type ListPlace } from './check-list.ts';
import type { FindingLog } from './finding-log.ts';
import type { SegmentSelection } from './select-segments.ts';
import type { VerifyMeter } from './verify-meter.ts';

const parallelPartitions = 8;
const parallelHeads = 8;

/** What is filled while partitions are looked at. */
export interface PartitionChecks {
  readonly log: FindingLog;
  readonly selection: SegmentSelection;
  readonly meter: VerifyMeter;
  readonly signal?: AbortSignal;
}

/** Every partition of the archive, with its topic. */
export function* partitionsOf(
  archive: Archive,
): Generator<{ topic: TopicManifest; shown: PartitionManifest }> {
  for (const topic of archive.manifest.topics)
    for (const shown of topic.partitions) yield { topic, shown };
}

/** Checks every list, and that every segment is there with its size. A list that cannot be read is a finding; the others go on. */
export async function checkPartitions(archive: Archive, checks: PartitionChecks): Promise<void> {
  const { log, meter, signal } = checks;
  meter.enter('manifest');
  await mapLimit(partitionsOf(archive), parallelPartitions, async ({ topic, shown }) => {
    throwIfAborted(signal);
    const place = describePlace(archive, topic, shown);
    try {
      checkPartitionManifest(place, log);
      const list = await readList(archive, shown);
      checkSegmentList(list, place, log);
      await checkSegments(archive, place, sliceList(list, shown.logStart, shown.cut), checks);
    } catch (thrown) {
      log.addThrown(thrown, placeOf(place));
    }
    meter.addPartition();
  });
}

/** The list as stored; an empty one for a partition that shows nothing. @throws KOPS_MANIFEST_INVALID */
export async function readList(archive: Archive, shown: PartitionManifest): Promise<SegmentList> {
  if (shown.list !== null) return archive.repository.readSegmentList(shown.list);
  const { topicId } = shown.lineage;
  return emptySegmentList({
    cluster: archive.manifest.cluster.id,
    topicId,
    partition: shown.partition,
  });
}

function describePlace(
  { manifest }: Archive,
  topic: TopicManifest,
  shown: PartitionManifest,
): ListPlace {
  const policy = topic.configs.find(({ name }) => name === 'cleanup.policy')?.value ?? '';
  return {
    manifest,
    shown,
    topic: topic.name,
    partition: shown.partition,
    isCompacted: policy.includes('compact'),
    ...(shown.list === null ? {} : { object: listKey(shown.list) }),
  };
}

async function checkSegments(
  archive: Archive,
  place: ListPlace,
  { segments }: SegmentList,
  { log, selection, signal }: PartitionChecks,
): Promise<void> {
  await mapLimit(segments, parallelHeads, async (entry) => {
    throwIfAborted(signal);
    selection.offer(entry.key, entry.storedBytes);
    if (!(await isPresent(archive, place, entry, log))) selection.addMissing(entry.key);
  });
}

async function isPresent(
  { repository }: Archive,
  { topic, partition }: ListPlace,
  { key, storedBytes, slice }: SegmentEntry,
  log: FindingLog,
): Promise<boolean> {
  const at = { topic, partition, segment: key, object: key, offset: slice.start };
  try {
    const info = await repository.store.head(key);
    if (info === undefined) {
      log.add('error', 'KOPS_OBJECT_NOT_FOUND', 'the segment is missing', at);
      return false;
    }
    if (info.size !== storedBytes) {
      const text = `the segment has ${info.size} bytes, archived were ${storedBytes}`;
      log.add('error', 'KOPS_OBJECT_CORRUPT', text, at);
    }
  } catch (thrown) {
    log.addThrown(thrown, at);
  }
  return true;
}
