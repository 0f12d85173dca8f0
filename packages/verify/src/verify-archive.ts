import { describeGroupFault } from '@kops/archive-format';
import { systemClock, throwIfAborted, type Clock } from '@kops/core';
import { checkCommits } from './check-commits.ts';
import { checkPartitions } from './check-partitions.ts';
import { FindingLog } from './finding-log.ts';
import { readSegments } from './read-segments.ts';
import { SegmentSelection } from './select-segments.ts';
import { parseSubset } from './subset.ts';
import { VerifyMeter } from './verify-meter.ts';
import type { VerifyOptions } from './verify-options.ts';
import type { VerifyReport } from './verify-report.ts';

/**
 * Verifies an archive against itself, without Kafka.
 *
 * `manifest`: the commit log's chain, the manifest, every segment list and its agreement with the manifest, and that every segment is
 * there with its size. `checksum`: every stored byte against its SHA-256. `structure`: every batch by CRC-32C, length, offset order and
 * everything the list says of its segment; records are not decompressed (the CRC covers them). Each segment is read once, in constant
 * memory, several at a time. Damage is a finding with its place and never ends the walk.
 *
 * @throws KOPS_USAGE for a subset that is none; KOPS_INTERRUPTED; nothing for damage
 */
export async function verifyArchive(options: VerifyOptions): Promise<VerifyReport> {
  const { archive, level, signal, clock = systemClock } = options;
  const subset = options.subset === undefined ? undefined : parseSubset(options.subset);
  const startedAt = new Date(clock.now()).toISOString();
  const started = clock.monotonic();
  const log = new FindingLog({ archive: archive.ref.archive });
  const selection = new SegmentSelection(subset);
  const meter = new VerifyMeter(options, log, selection);
  await checkCommits(archive, log, signal);
  for (const fault of archive.manifest.groupFaults ?? [])
    log.add('loss', 'KOPS_INCOMPLETE', describeGroupFault(fault), {});
  await checkPartitions(archive, {
    log,
    selection,
    meter,
    ...(signal === undefined ? {} : { signal }),
  });
  selection.settle();
  if (level !== 'manifest') await readSegments(options, { log, selection, meter });
  throwIfAborted(signal);
  const isEmpty = showsNothing(options);
  requireCompared(options, { log, selection, meter, isEmpty });
  meter.enter('done');
  return buildReport(options, { log, selection, meter, isEmpty, startedAt, started, clock });
}

interface Parts {
  readonly log: FindingLog;
  readonly selection: SegmentSelection;
  readonly meter: VerifyMeter;
  readonly isEmpty: boolean;
}

function showsNothing({ archive }: VerifyOptions): boolean {
  return archive.manifest.topics.every(({ partitions }) =>
    partitions.every(({ segments, records }) => segments === 0 && records === 0),
  );
}

/** A verification that looked at nothing must not look like a good one. */
function requireCompared(
  { level, subset = 'all' }: VerifyOptions,
  { log, selection, meter, isEmpty }: Parts,
): void {
  if (isEmpty) return;
  if (selection.segments === 0) {
    const text = 'no segment was found to check, although the archive contains records';
    log.add('error', 'KOPS_NOTHING_COMPARED', text, {});
  } else if (level !== 'manifest' && meter.segmentsDone === 0) {
    const text = `the subset ${subset} selects none of ${selection.segments} segments: nothing was read`;
    log.add('error', 'KOPS_NOTHING_COMPARED', text, {});
  }
}

function buildReport(
  { archive, level, subset }: VerifyOptions,
  parts: Parts & { startedAt: string; started: number; clock: Clock },
): VerifyReport {
  const { log, selection, meter, isEmpty, startedAt, started, clock } = parts;
  const { counts } = log;
  const { topics } = archive.manifest;
  return {
    archive: archive.ref.archive,
    cluster: archive.manifest.cluster.id,
    repository: archive.repository.store.url,
    level,
    status: counts.error > 0 ? 'damaged' : counts.loss > 0 ? 'incomplete' : 'ok',
    isEmpty,
    topics: topics.length,
    partitions: topics.reduce((sum, { partitions }) => sum + partitions.length, 0),
    segments: { read: meter.segmentsDone, total: selection.segments },
    bytes: { read: meter.bytesRead, total: selection.bytes },
    subset: subset ?? null,
    batches: meter.batches,
    records: meter.records,
    counts,
    findings: log.list(),
    startedAt,
    durationMs: Math.round(clock.monotonic() - started),
  };
}
