import { availableParallelism } from 'node:os';
import { sliceList, type SegmentEntry } from '@kops/archive-format';
import { throwIfAborted, type Coordinates, type TopicPartition } from '@kops/core';
import { checkSegment, type SegmentOutcome } from './check-segment.ts';
import { partitionsOf, readList } from './check-partitions.ts';
import type { FindingLog } from './finding-log.ts';
import { SegmentPool } from './segment-pool.ts';
import type { SegmentSelection } from './select-segments.ts';
import type { VerifyMeter } from './verify-meter.ts';
import type { VerifyOptions } from './verify-options.ts';

/** A task ends at either of these: large enough that many small segments cost no more than their bytes. */
const taskBytes = 64 * 1024 * 1024;
const taskSegments = 256;

/** Below this a thread takes longer to start than the reading. */
const minBytesForThreads = 512 * 1024 * 1024;

/** What is filled while segments are read. */
export interface Reading {
  readonly log: FindingLog;
  readonly selection: SegmentSelection;
  readonly meter: VerifyMeter;
}

interface SelectedSegment {
  readonly place: TopicPartition;
  readonly entry: SegmentEntry;
}

/** Reads the selected segments, on threads where that is faster. */
export async function readSegments(options: VerifyOptions, reading: Reading): Promise<void> {
  reading.meter.enter('segments');
  const workers = workersFor(options, reading.selection);
  if (workers === 0) await readHere(options, reading);
  else await readOnThreads(options, reading, workers);
}

/** Threads open the repository anew by its URL, which only says enough of a file repository. */
function workersFor(
  { archive, workers }: VerifyOptions,
  { selectedBytes, selectedSegments }: SegmentSelection,
): number {
  if (!archive.repository.store.url.startsWith('file:')) return 0;
  if (workers !== undefined) return Math.min(workers, selectedSegments);
  return selectedBytes < minBytesForThreads
    ? 0
    : Math.min(availableParallelism(), selectedSegments);
}

async function readHere(options: VerifyOptions, reading: Reading): Promise<void> {
  const { archive, level, signal } = options;
  const onBytes = (bytes: number): void => reading.meter.addBytes(bytes);
  for await (const { place, entry } of selectedSegments(options, reading)) {
    const outcome = await checkSegment(archive.repository.store, entry, {
      structure: level === 'structure',
      onBytes,
      ...(signal === undefined ? {} : { signal }),
    });
    take(outcome, place, reading);
  }
}

async function readOnThreads(
  options: VerifyOptions,
  reading: Reading,
  workers: number,
): Promise<void> {
  const { archive, level, signal } = options;
  await using pool = new SegmentPool(
    { url: archive.repository.store.url, structure: level === 'structure' },
    {
      workers,
      onBytes: (bytes) => reading.meter.addBytes(bytes),
      ...(signal === undefined ? {} : { signal }),
    },
  );
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const task of tasksOf(selectedSegments(options, reading))) {
    if (failures.length > 0) break;
    const { outcome } = await pool.submit(task.map(({ entry }) => entry));
    const done = outcome
      .then((outcomes) => outcomes.forEach((found, index) => takeAt(found, task[index], reading)))
      .catch((thrown: unknown) => void failures.push(thrown))
      .finally(() => running.delete(done));
    running.add(done);
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}

function takeAt(
  outcome: SegmentOutcome,
  selected: SelectedSegment | undefined,
  reading: Reading,
): void {
  if (selected !== undefined) take(outcome, selected.place, reading);
}

function take(
  outcome: SegmentOutcome,
  { topic, partition }: TopicPartition,
  { log, meter }: Reading,
): void {
  const { key, problems, problemCount } = outcome;
  meter.addSegment(outcome);
  const at: Coordinates = { topic, partition, segment: key, object: key };
  for (const { code, message, offset } of problems)
    log.add('error', code, message, { ...at, ...(offset === undefined ? {} : { offset }) });
  const more = problemCount - problems.length;
  if (more > 0)
    log.add('error', 'KOPS_OBJECT_CORRUPT', `segment: ${more} more problems like these`, at);
}

async function* selectedSegments(
  { archive, signal }: VerifyOptions,
  { selection }: Reading,
): AsyncGenerator<SelectedSegment> {
  for (const { topic, shown } of partitionsOf(archive)) {
    throwIfAborted(signal);
    // A list that cannot be read was found before.
    const list = await readList(archive, shown).catch(() => undefined);
    if (list === undefined) continue;
    const place = { topic: topic.name, partition: shown.partition };
    for (const entry of sliceList(list, shown.logStart, shown.cut).segments)
      if (selection.isSelected(entry.key)) yield { place, entry };
  }
}

async function* tasksOf(
  segments: AsyncIterable<SelectedSegment>,
): AsyncGenerator<SelectedSegment[]> {
  let task: SelectedSegment[] = [];
  let bytes = 0;
  for await (const segment of segments) {
    task.push(segment);
    bytes += segment.entry.storedBytes;
    if (bytes < taskBytes && task.length < taskSegments) continue;
    yield task;
    task = [];
    bytes = 0;
  }
  if (task.length > 0) yield task;
}
