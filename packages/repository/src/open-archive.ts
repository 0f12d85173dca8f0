import {
  sliceList,
  type ArchiveCommit,
  type Manifest,
  type PartitionManifest,
  type SegmentEntry,
  type SegmentList,
} from '@kops/archive-format';
import { KopsError, type TopicPartition } from '@kops/core';
import type { KafkaRecord } from '@kops/record-batch';
import type { AbortedTransactions } from './aborted-transactions.ts';
import type {
  Archive,
  LocatedBatch,
  ReadBatchesOptions,
  ReadRange,
  ReadRecordsOptions,
} from './archive.ts';
import { loadVisibleList } from './visible-list.ts';
import { flatten } from './flatten.ts';
import { readSliceRuns } from './read-batches.ts';
import { recordWindows } from './record-windows.ts';
import type { ArchiveWanted, Repository } from './repository.ts';
import { TransactionScan } from './scan-transactions.ts';
import { TransactionLookahead } from './transaction-lookahead.ts';
import { visibleRecords } from './visible-records.ts';

/**
 * Opens an archive, by what a commit says or by id or `latest`.
 * @throws KOPS_ARCHIVE_NOT_FOUND, KOPS_TOPIC_NOT_FOUND, KOPS_USAGE, KOPS_MANIFEST_INVALID, KOPS_FORMAT_UNSUPPORTED
 */
export async function openArchive(
  repository: Repository,
  ref: ArchiveCommit | string,
  wanted: ArchiveWanted = {},
): Promise<Archive> {
  const found = typeof ref === 'string' ? await repository.resolveArchive(ref, wanted) : ref;
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
      hint: `Run 'kops archives show --archive ${this.ref.archive}' to list its topics.`,
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
    return flatten(this.readRuns(options));
  }

  readRuns(options: ReadBatchesOptions): AsyncIterable<Iterable<LocatedBatch>> {
    return this.#readRuns(options, () => true);
  }

  readRecords(options: ReadRecordsOptions): AsyncIterable<KafkaRecord> {
    return flatten(this.readRecordRuns(options));
  }

  async *readRecordRuns(options: ReadRecordsOptions): AsyncIterable<Iterable<KafkaRecord>> {
    const { isolation = 'read_committed', transactions } = options;
    if (isolation === 'read_committed' && transactions === undefined) {
      yield* this.#readCommitted(options);
      return;
    }
    const known = isolation === 'read_committed' ? transactions : undefined;
    for await (const run of this.readRuns(options))
      yield visibleRecords(run, known, this.#at(options));
  }

  /** Window by window: how its transactions end is found out before each, and no further ahead. */
  async *#readCommitted(options: ReadRecordsOptions): AsyncGenerator<Iterable<KafkaRecord>> {
    const { topic, partition, signal } = options;
    const shown = this.partition(topic, partition);
    const { from = shown.logStart, to = shown.cut } = options;
    const ahead = { topic, partition, from, ...(signal === undefined ? {} : { signal }) };
    await using lookahead = new TransactionLookahead(
      this.#readRuns(ahead, ({ transactional }) => transactional),
      shown.openTransactions,
    );
    const { segments } = sliceList(await this.segments(options), from, to);
    for (const window of recordWindows(segments)) {
      const known = window.isTransactional ? await lookahead.reach(window.to) : undefined;
      for await (const run of this.readRuns({ ...options, from: window.from, to: window.to }))
        yield visibleRecords(run, known, this.#at(options));
    }
  }

  async scanTransactions(
    at: TopicPartition,
    options: { signal?: AbortSignal } = {},
  ): Promise<AbortedTransactions> {
    const { topic, partition } = at;
    const { signal } = options;
    const range = { topic, partition, ...(signal === undefined ? {} : { signal }) };
    const scan = new TransactionScan();
    for await (const run of this.#readRuns(range, ({ transactional }) => transactional)) {
      for (const { batch, segment } of run) scan.addVisible(batch, segment.slice);
    }
    scan.settle(this.partition(topic, partition).openTransactions);
    return scan;
  }

  async *#readRuns(
    options: ReadBatchesOptions,
    wanted: (segment: SegmentEntry) => boolean,
  ): AsyncGenerator<Iterable<LocatedBatch>> {
    const shown = this.partition(options.topic, options.partition);
    const { from = shown.logStart, to = shown.cut, validate = true, signal } = options;
    const list = sliceList(await this.segments(options), from, to);
    const settings = {
      at: this.#at(options),
      validate,
      ...(signal === undefined ? {} : { signal }),
    };
    for (const segment of list.segments) {
      if (wanted(segment)) yield* readSliceRuns(this.repository.store, segment, settings);
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
