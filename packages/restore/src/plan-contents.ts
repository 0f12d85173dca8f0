import {
  lostWithin,
  visibleEntries,
  type PartitionManifest,
  type SegmentEntry,
} from '@kops/archive-format';
import { mapLimit, throwIfAborted, type Offset, type TopicPartition } from '@kops/core';
import { decodeRecords } from '@kops/record-batch';
import type { Archive } from '@kops/repository';
import { countShown, showsRecord } from './plan-search.ts';
import { selectForRestore } from './plan-selection.ts';
import { mappingReasons } from './plan-strategy.ts';
import type { ArchiveContents, PartitionContents, RestoreOptions } from './plan.ts';

/** What of an archive a plan looks at. */
export type ContentSource = Pick<
  Archive,
  'manifest' | 'readBatches' | 'segments' | 'scanTransactions'
>;

/**
 * Finds out what the manifest does not tell and a plan has to know: whether a selection shows any record, and which offsets are taken by
 * transaction markers. Reads segment lists, and batches only where a list does not tell: of a segment that is shown in part, and up to the
 * first record that lies in the window.
 * @throws KOPS_TOPIC_NOT_FOUND and KOPS_USAGE as planRestore, the errors of Archive, KOPS_INTERRUPTED
 */
export async function inspectContents(
  archive: ContentSource,
  options: RestoreOptions = {},
  limits: {
    readonly parallel?: number;
    readonly signal?: AbortSignal;
    /** Also counts the records in a time window, for which all that may lie in it is read. */
    readonly countsWindow?: boolean;
  } = {},
): Promise<ArchiveContents> {
  const { parallel = 16, signal, countsWindow = false } = limits;
  const places = selectForRestore(archive.manifest, options).flatMap(({ topic }) =>
    topic.partitions.map((shown) => ({ topic: topic.name, partition: shown.partition, shown })),
  );
  // Where the manifest already says that offsets are mapped, the lists would not change that.
  const undecided = places.filter(({ shown }) => mappingReasons(shown, options).length === 0);
  const partitions = new Map<string, PartitionContents>();
  await mapLimit(undecided, parallel, async (place) => {
    throwIfAborted(signal);
    partitions.set(contentsKey(place), await inspectPartition(archive, place, signal));
  });
  if (options.records !== undefined) {
    const hasRecords = places.some(({ topic, partition, shown: { logStart: start, cut: end } }) =>
      options.records
        ?.of({ topic, partition })
        .some((range) => range.start < end && range.end > start),
    );
    return { hasRecords, partitions };
  }
  if (options.window !== undefined && countsWindow) {
    const { window } = options;
    const inWindow = new Map<string, number>();
    await mapLimit(places, parallel, async (place) => {
      inWindow.set(contentsKey(place), await countShown(archive, { ...place, window }, signal));
    });
    return { hasRecords: [...inWindow.values()].some((count) => count > 0), partitions, inWindow };
  }
  for (const place of places) {
    const search = { ...place, window: options.window ?? null };
    if (await showsRecord(archive, search, signal)) return { hasRecords: true, partitions };
  }
  return { hasRecords: false, partitions };
}

/** Key of a partition in {@link ArchiveContents}. */
export function contentsKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${String(partition)}`;
}

interface Place extends TopicPartition {
  readonly shown: PartitionManifest;
}

async function inspectPartition(
  archive: ContentSource,
  place: Place,
  signal: AbortSignal | undefined,
): Promise<PartitionContents> {
  const { logStart, cut, losses } = place.shown;
  if (logStart === cut) return { controlBatches: 0, holes: 0n };
  let controlBatches = 0;
  let present = 0n;
  for (const segment of visibleEntries(await archive.segments(place), logStart, cut)) {
    const counted =
      countByEntry(segment) ?? (await countByBatches(archive, place, segment, signal));
    controlBatches += counted.controlBatches;
    present += counted.present;
  }
  const lost = lostWithin(losses, logStart, cut);
  return { controlBatches, holes: cut - logStart - present - lost };
}

interface Counted {
  readonly controlBatches: number;
  /** Offsets that a record has, control records included. */
  readonly present: bigint;
}

/** What the list tells; undefined where hidden offsets of the segment may be other ones than those that are counted. */
function countByEntry(segment: SegmentEntry): Counted | undefined {
  const { slice, baseOffset, lastOffset, records, controlBatches } = segment;
  const shown = slice.end - slice.start;
  const span = lastOffset + 1n - baseOffset;
  if (records === null) return undefined;
  if (shown === span) return { controlBatches, present: BigInt(records) };
  return BigInt(records) === span && controlBatches === 0
    ? { controlBatches, present: shown }
    : undefined;
}

async function countByBatches(
  archive: ContentSource,
  { topic, partition }: Place,
  { slice }: SegmentEntry,
  signal: AbortSignal | undefined,
): Promise<Counted> {
  const { start, end } = slice;
  const range = { topic, partition, from: start, to: end };
  let controlBatches = 0;
  let present = 0;
  const isShown = (offset: Offset): boolean => offset >= start && offset < end;
  for await (const { batch } of archive.readBatches(
    signal === undefined ? range : { ...range, signal },
  )) {
    const isWhole = isShown(batch.baseOffset) && isShown(batch.lastOffset);
    if (batch.isControl && isWhole) controlBatches++;
    present += isWhole
      ? batch.recordCount
      : decodeRecords(batch).filter(({ offset }) => isShown(offset)).length;
  }
  return { controlBatches, present: BigInt(present) };
}
