import { KopsError, type Offset, type TopicPartition } from '@kops/core';

/** Consecutive offsets [start, end). */
export interface OffsetRange {
  readonly start: Offset;
  readonly end: Offset;
}

/** A record by its place. */
export interface RecordPlace extends TopicPartition {
  readonly offset: Offset;
}

/** Records that may be chosen: 8 bytes of memory each until they are ranges. */
export const maxChosenRecords = 1_000_000;

/** Single records to restore: by topic and partition, as ranges in ascending order that neither touch nor overlap. */
export class ChosenRecords {
  readonly #ranges: ReadonlyMap<string, ReadonlyMap<number, readonly OffsetRange[]>>;

  private constructor(ranges: ReadonlyMap<string, ReadonlyMap<number, readonly OffsetRange[]>>) {
    this.#ranges = ranges;
  }

  /**
   * Takes places in any order; a place given twice counts once.
   * @throws KOPS_USAGE for more than {@link maxChosenRecords}
   */
  static async from(
    places: AsyncIterable<RecordPlace> | Iterable<RecordPlace>,
  ): Promise<ChosenRecords> {
    const topics = new Map<string, Map<number, OffsetList>>();
    let records = 0;
    for await (const { topic, partition, offset } of places) {
      if (++records > maxChosenRecords) throw tooMany();
      const partitions = topics.get(topic) ?? new Map<number, OffsetList>();
      topics.set(topic, partitions);
      const offsets = partitions.get(partition) ?? new OffsetList();
      partitions.set(partition, offsets);
      offsets.push(offset);
    }
    return new ChosenRecords(
      new Map([...topics].map(([topic, partitions]) => [topic, rangesOf(partitions)])),
    );
  }

  /** Topics with at least one record, by name. */
  get topics(): string[] {
    return [...this.#ranges.keys()].sort();
  }

  /** How many records of a topic were chosen. */
  countOf(topic: string): bigint {
    return countOffsets([...(this.#ranges.get(topic)?.values() ?? [])].flat());
  }

  /** The ranges of a partition; empty when none of its records was chosen. */
  of({ topic, partition }: TopicPartition): readonly OffsetRange[] {
    return this.#ranges.get(topic)?.get(partition) ?? [];
  }
}

function rangesOf(
  partitions: ReadonlyMap<number, OffsetList>,
): ReadonlyMap<number, readonly OffsetRange[]> {
  return new Map([...partitions].map(([partition, offsets]) => [partition, offsets.ranges()]));
}

/** A growing list of offsets. */
class OffsetList {
  #offsets = new BigInt64Array(16);
  #length = 0;

  push(offset: Offset): void {
    if (this.#length === this.#offsets.length) {
      const larger = new BigInt64Array(this.#length * 2);
      larger.set(this.#offsets);
      this.#offsets = larger;
    }
    this.#offsets[this.#length++] = offset;
  }

  ranges(): OffsetRange[] {
    const ranges: { start: Offset; end: Offset }[] = [];
    for (const offset of this.#offsets.subarray(0, this.#length).sort()) {
      const last = ranges.at(-1);
      if (last === undefined || offset > last.end) ranges.push({ start: offset, end: offset + 1n });
      else if (offset === last.end) last.end = offset + 1n;
    }
    return ranges;
  }
}

/** Whether an offset is in one of the ranges. */
export function isChosen(ranges: readonly OffsetRange[], offset: Offset): boolean {
  const range = ranges[firstAfter(ranges, offset)];
  return range !== undefined && range.start <= offset;
}

/** Whether all offsets of [start, end) are in one of the ranges. */
export function areChosen(ranges: readonly OffsetRange[], { start, end }: OffsetRange): boolean {
  const range = ranges[firstAfter(ranges, start)];
  return range !== undefined && range.start <= start && range.end >= end;
}

/** Parts of the ranges inside of [start, end). */
export function clipRanges(
  ranges: readonly OffsetRange[],
  { start, end }: OffsetRange,
): OffsetRange[] {
  return ranges
    .map((range) => ({
      start: range.start > start ? range.start : start,
      end: range.end < end ? range.end : end,
    }))
    .filter((range) => range.start < range.end);
}

/** How many offsets ranges have. */
export function countOffsets(ranges: readonly OffsetRange[]): bigint {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0n);
}

/** Gaps that are read over: a seek costs more. */
const readOver = 1000n;

/** What to read for ranges inside of [start, end): neighbours that are close together are read at once. */
export function readingRanges(ranges: readonly OffsetRange[], within: OffsetRange): OffsetRange[] {
  const reads: { start: Offset; end: Offset }[] = [];
  for (const { start, end } of clipRanges(ranges, within)) {
    const last = reads.at(-1);
    if (last !== undefined && start - last.end <= readOver) last.end = end;
    else reads.push({ start, end });
  }
  return reads;
}

/** Index of the first range that ends behind the offset. */
function firstAfter(ranges: readonly OffsetRange[], offset: Offset): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (range !== undefined && range.end > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

function tooMany(): KopsError {
  return new KopsError('KOPS_USAGE', `more than ${String(maxChosenRecords)} records are selected`, {
    hint: 'Narrow the search, or restore a time window of the topic with --from and --to.',
  });
}
