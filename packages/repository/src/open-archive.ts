import {
  sliceList,
  type ArchiveCommit,
  type Manifest,
  type PartitionManifest,
  type SegmentEntry,
  type SegmentList,
} from '@kops/archive-format';
import { KopsError, type TopicPartition } from '@kops/core';
import { iterateRecords, type KafkaRecord } from '@kops/record-batch';
import type { AbortedTransactions } from './aborted-transactions.ts';
import type {
  Archive,
  LocatedBatch,
  ReadBatchesOptions,
  ReadRange,
  ReadRecordsOptions,
} from './archive.ts';
import { loadVisibleList } from './visible-list.ts';
import { readSliceBatches } from './read-batches.ts';
import type { ArchiveSelection, Repository } from './repository.ts';
import { scanBatches } from './scan-transactions.ts';

/**
 * Opens an archive, by what a commit says or by id or `latest`.
 * @throws KOPS_ARCHIVE_NOT_FOUND, KOPS_USAGE, KOPS_MANIFEST_INVALID, KOPS_FORMAT_UNSUPPORTED
 */
export async function openArchive(
  repository: Repository,
  ref: ArchiveCommit | string,
  selection: ArchiveSelection = {},
): Promise<Archive> {
  const found = typeof ref === 'string' ? await repository.resolveArchive(ref, selection) : ref;
  return new StoredArchive(repository, found, await repository.readManifest(found));
}

class StoredArchive implements Archive {
  readonly repository: Repository;
  readonly ref: ArchiveCommit;
  readonly manifest: Manifest;
  readonly #partitions = new Map<string, Map<number, PartitionManifest>>();
  #lastList: { of: PartitionManifest; list: Promise<SegmentList> } | undefined;

  constructor(repository: Repository, ref: ArchiveCommit, manifest: Manifest) {
    this.repository = repository;
    this.ref = ref;
    this.manifest = manifest;
    for (const topic of manifest.topics) {
      this.#partitions.set(
        topic.name,
        new Map(topic.partitions.map((partition) => [partition.partition, partition])),
      );
    }
  }

  partition(topic: string, partition: number): PartitionManifest {
    const found = this.#partitions.get(topic)?.get(partition);
    if (found !== undefined) return found;
    const what = this.#partitions.has(topic)
      ? `partition ${String(partition)} of topic '${topic}'`
      : `topic '${topic}'`;
    throw new KopsError('KOPS_TOPIC_NOT_FOUND', `the archive holds no ${what}`, {
      at: { archive: this.ref.archive, topic, partition },
      hint: `List what it holds with 'kops archives show ${this.ref.archive}'.`,
    });
  }

  segments(at: TopicPartition): Promise<SegmentList> {
    const partition = this.partition(at.topic, at.partition);
    if (this.#lastList?.of !== partition) {
      const list = loadVisibleList(this.repository, this.ref, this.manifest, partition, at);
      this.#lastList = { of: partition, list };
      // A failed read is not kept: the next one may succeed.
      list.catch(() => {
        if (this.#lastList?.list === list) this.#lastList = undefined;
      });
    }
    return this.#lastList.list;
  }

  readBatches(options: ReadBatchesOptions): AsyncIterable<LocatedBatch> {
    return this.#readBatches(options, () => true);
  }

  async *readRecords(options: ReadRecordsOptions): AsyncIterable<KafkaRecord> {
    const { isolation = 'read_committed' } = options;
    const transactions =
      isolation === 'read_committed'
        ? (options.transactions ?? (await this.scanTransactions(options, options)))
        : undefined;
    for await (const { batch, segment } of this.#readBatches(options, () => true)) {
      if (batch.isControl) continue;
      const { producerId, isTransactional } = batch;
      const { start, end } = segment.slice;
      try {
        for (const record of iterateRecords(batch)) {
          if (record.offset < start || record.offset >= end) continue;
          if (isTransactional && transactions?.isAborted(producerId, record.offset) === true)
            continue;
          yield record;
        }
      } catch (error) {
        throw KopsError.locate(error, { ...this.#at(options), segment: segment.key });
      }
    }
  }

  scanTransactions(
    at: TopicPartition,
    options: { signal?: AbortSignal } = {},
  ): Promise<AbortedTransactions> {
    const { topic, partition } = at;
    const range = {
      topic,
      partition,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    };
    return scanBatches(this.#readBatches(range, (segment) => segment.transactional));
  }

  async *#readBatches(
    options: ReadBatchesOptions,
    wanted: (segment: SegmentEntry) => boolean,
  ): AsyncGenerator<LocatedBatch> {
    const shown = this.partition(options.topic, options.partition);
    const { from = shown.logStart, to = shown.cut } = options;
    const list = sliceList(await this.segments(options), from, to);
    const settings = {
      at: this.#at(options),
      ...(options.validate === undefined ? {} : { validate: options.validate }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    };
    for (const segment of list.segments) {
      if (wanted(segment)) yield* readSliceBatches(this.repository.store, segment, settings);
    }
  }

  #at({ topic, partition }: ReadRange): {
    repository: string;
    archive: string;
    topic: string;
    partition: number;
  } {
    return { repository: this.repository.store.url, archive: this.ref.archive, topic, partition };
  }
}
