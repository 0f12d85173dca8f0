import type { Manifest, PartitionManifest, SegmentEntry } from '@kops/archive-format';
import {
  defined,
  eventSpan,
  firstOf,
  parseTime,
  type CatalogDocument,
} from './catalog-document.ts';
import { longValue } from './exact-json.ts';
import { documentId, lineageId } from './record-id.ts';
import type { RecordSource } from './record-source.ts';
import { dateOf } from './record-document.ts';

const listed = 1000;

const sum = (values: readonly (number | bigint)[]): bigint =>
  values.reduce<bigint>((total, value) => total + BigInt(value), 0n);

/** A sum that is only known if all of its parts are. */
function sumIfKnown(values: readonly (number | bigint | null | undefined)[]): bigint | undefined {
  const known = values.filter((value) => value !== null && value !== undefined);
  return known.length === values.length ? sum(known) : undefined;
}

const asLong = (value: bigint | undefined): unknown =>
  value === undefined ? undefined : longValue(value);

/** The document of an archive, from its manifest. */
export function archiveDocument(manifest: Manifest, repository: string): CatalogDocument {
  const partitions = manifest.topics.flatMap((topic) => topic.partitions);
  const endedAt = parseTime(manifest.endedAt) ?? parseTime(manifest.startedAt);
  return {
    kind: 'archives',
    id: archiveDocumentId(repository, manifest.archive),
    fields: defined({
      '@timestamp': endedAt,
      event: eventSpan(manifest.startedAt, manifest.endedAt),
      kops: defined({
        archive: manifest.archive,
        series: manifest.series,
        parent: manifest.parent,
        kind: manifest.kind,
        generation: manifest.generation,
        cluster: manifest.cluster.id,
        repository,
        version: manifest.kopsVersion,
        isolation: manifest.isolation,
        copies: manifest.copies,
        topics: firstOf(
          manifest.topics.map(({ name }) => name),
          listed,
        ),
        topic_count: manifest.topics.length,
        partition_count: partitions.length,
        baseline_count: partitions.filter(({ baseline }) => baseline).length,
        segment_count: longValue(sum(partitions.map(({ segments }) => segments))),
        record_count: asLong(sumIfKnown(partitions.map(({ records }) => records))),
        bytes: longValue(sum(partitions.map(({ plaintextBytes }) => plaintextBytes))),
        hole_offsets: asLong(sumIfKnown(partitions.map(({ holes }) => holes?.offsets))),
        group_count: manifest.groups.length,
        open_transactions: Number(
          sum(partitions.map(({ openTransactions }) => openTransactions.length)),
        ),
        ...lossFields(manifest, partitions),
      }),
    }),
  };
}

function lossFields(
  manifest: Manifest,
  partitions: readonly PartitionManifest[],
): Record<string, unknown> {
  const losses = manifest.topics.flatMap((topic) =>
    topic.partitions.flatMap(({ partition, losses: lost }) =>
      lost.map(({ from, to, reason }) => ({
        topic: topic.name,
        partition,
        from: longValue(from),
        to: longValue(to),
        reason,
      })),
    ),
  );
  const all = partitions.flatMap((partition) => partition.losses);
  return {
    complete: all.length === 0,
    loss_count: all.length,
    lost_offsets: longValue(sum(all.map(({ from, to }) => (to > from ? to - from : 0n)))),
    loss_reasons: firstOf([...new Set(all.map(({ reason }) => reason))], listed),
    // A flattened field takes objects, not arrays of them.
    losses: losses.length === 0 ? undefined : { list: losses.slice(0, listed) },
  };
}

/** The document of a segment, from the list entry of the first archive that shows it. */
export function segmentDocument(
  entry: SegmentEntry,
  source: Omit<RecordSource, 'segment'> & { readonly repository: string },
): CatalogDocument {
  return {
    kind: 'segments',
    id: segmentDocumentId(source.repository, entry.key),
    fields: defined({
      '@timestamp': dateOf(entry.maxTimestamp),
      kafka: { topic: source.topic, partition: source.partition },
      kops: defined({
        archive: source.archive,
        cluster: source.cluster,
        repository: source.repository,
        topic_id: source.topicId,
        lineage: lineageId(source.cluster, source.topicId),
        segment: entry.key,
        base_offset: longValue(entry.baseOffset),
        last_offset: longValue(entry.lastOffset),
        slice: { start: longValue(entry.slice.start), end: longValue(entry.slice.end) },
        min_timestamp: entry.minTimestamp === null ? undefined : longValue(entry.minTimestamp),
        max_timestamp: longValue(entry.maxTimestamp),
        record_count: entry.records,
        batch_count: entry.batches,
        control_batch_count: entry.controlBatches,
        codecs: entry.codecs,
        transactional: entry.transactional,
        bytes: entry.plaintextBytes,
        stored_bytes: entry.storedBytes,
        sha256: entry.plaintextSha256,
        leader_epochs: entry.leaderEpochs.length,
      }),
    }),
  };
}

/** `_id` of a segment's document. */
export function segmentDocumentId(repository: string, segment: string): string {
  return documentId('segment', repository, segment);
}

/** `_id` of an archive's document. */
export function archiveDocumentId(repository: string, archive: string): string {
  return documentId('archive', repository, archive);
}
