import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { ArchiveCommit, SegmentEntry } from '@kops/archive-format';
import {
  compilePolicy,
  createHasher,
  documentRecords,
  lineageId,
  type BulkWriter,
  type Catalog,
  type Hasher,
  type RecordPolicy,
  type RecordSource,
} from '@kops/catalog';
import { connectElasticsearch } from '@kops/catalog/elasticsearch';
import type { KopsError } from '@kops/core';
import { parseRepositoryUrl } from '@kops/object-store';
import { openFileStore } from '@kops/object-store/file';
import {
  openArchive,
  openRepository,
  readSliceRuns,
  TransactionScan,
  visibleRecords,
  type Repository,
} from '@kops/repository';
import { registryDecoder, type RecordDecoder } from '../record-decoder.ts';
import { DeadLetterSpool } from './dead-letter-spool.ts';
import { released } from './hold.ts';
import type { PieceOutcome, WorkerSettings } from './worker-messages.ts';

/** Records between two reports of progress. */
const reportRecords = 5000;

/** Who wants to know while a piece is indexed. */
export interface PieceListener {
  readonly onRecords: (records: number) => void;
  /** Called when Elasticsearch is waited for. */
  readonly onWaiting: (error: KopsError) => void;
}

type PartitionSource = Omit<RecordSource, 'segment'>;

/** Indexes pieces of segments: opens repository and catalog by itself, with the first piece. */
export class PieceIndexer {
  readonly #settings: WorkerSettings;
  readonly #listener: PieceListener;
  readonly #policyOf: (topic: string) => RecordPolicy;
  readonly #hasher: Hasher;
  readonly #decoder: RecordDecoder | undefined;
  #repository: Promise<Repository> | undefined;
  #catalog: Promise<Catalog> | undefined;

  constructor(settings: WorkerSettings, listener: PieceListener) {
    this.#settings = settings;
    this.#listener = listener;
    this.#policyOf = compilePolicy(settings.settings.records);
    const { hashKey, schemaRegistry } = settings.settings;
    this.#hasher = createHasher(hashKey);
    this.#decoder = schemaRegistry && registryDecoder(schemaRegistry);
  }

  /** Finds out how the transactions from an offset on ended. Earlier ones need not be known: none reaches over an end of another. */
  async scanTransactions(
    { topic, partition }: PartitionSource,
    { ref, from }: { readonly ref: ArchiveCommit; readonly from: bigint },
  ): Promise<TransactionScan> {
    const archive = await openArchive(await this.#openRepository(), ref);
    const { segments } = await archive.segments({ topic, partition });
    const at = { archive: ref.archive, topic, partition };
    const scan = new TransactionScan();
    for (const segment of segments) {
      if (!segment.transactional || segment.slice.end <= from) continue;
      const start = segment.slice.start > from ? segment.slice.start : from;
      const entry = { ...segment, slice: { ...segment.slice, start } };
      for await (const run of readSliceRuns(archive.repository.store, entry, { at })) {
        for (const { batch } of run) scan.addVisible(batch, entry.slice);
      }
    }
    scan.settle(archive.partition(topic, partition).openTransactions);
    return scan;
  }

  /** Indexes the records of an entry's slice, and resolves when Elasticsearch has them. */
  async index(
    of: PartitionSource,
    entry: SegmentEntry,
    transactions: TransactionScan | undefined,
  ): Promise<PieceOutcome> {
    const { topic, partition } = of;
    const source: RecordSource = { ...of, segment: entry.key };
    const policy = this.#policyOf(topic);
    const catalog = await this.#connect();
    const { store } = await this.#openRepository();
    const target = await catalog.recordTarget(topic);
    await using spool = this.#spool(source, policy.pipeline !== undefined);
    await using writer = this.#openWriter(catalog, spool);
    const documentOf = documentRecords(source, policy, this.#hasher);
    const { index } = target;
    const { pipeline } = policy;
    const decoder = this.#decoderFor(policy);
    const at = { archive: of.archive, topic, partition };
    const settledTo = settledEnd(entry, transactions);
    let records = 0;
    let settledRecords = 0;
    let reported = 0;
    for await (const run of readSliceRuns(store, entry, { at })) {
      const mayGoOn = released(this.#settings.hold);
      if (mayGoOn !== undefined) await mayGoOn;
      for (const record of visibleRecords(run, transactions, at)) {
        records++;
        if (record.offset < settledTo) settledRecords++;
        const decoding = decoder?.decode(record.key, record.value);
        const document = documentOf(record, decoding === undefined ? undefined : await decoding);
        if (document === undefined) continue;
        const json = JSON.stringify(document.fields);
        const room = writer.add({ index, id: document.id, json, pipeline });
        if (room !== undefined) await room;
        if (records - reported < reportRecords) continue;
        this.#listener.onRecords(records - reported);
        reported = records;
      }
    }
    await writer.flush();
    this.#listener.onRecords(records - reported);
    const { start: from, end: to } = entry.slice;
    await catalog.settleRecords(target, {
      lineage: lineageId(of.cluster, of.topicId),
      partition,
      from,
      to,
    });
    return { ...outcomeOf(writer), settledTo, records, settledRecords, spool: spool.path };
  }

  /** What is not shown need not be decoded. */
  #decoderFor({ level }: RecordPolicy): RecordDecoder | undefined {
    return level === 'metadata' ? undefined : this.#decoder;
  }

  #spool(source: RecordSource, hasPipeline: boolean): DeadLetterSpool {
    const name = `${randomBytes(12).toString('hex')}.spool`;
    return new DeadLetterSpool(join(this.#settings.spoolDirectory, name), source, hasPipeline);
  }

  #openWriter(catalog: Catalog, spool: DeadLetterSpool): BulkWriter {
    const { limits, retryDeadlineMs } = this.#settings;
    return catalog.openBulk({
      onRejected: (document) => spool.add(document),
      onRetry: (error) => this.#listener.onWaiting(error),
      maxRequestBytes: limits.maxRequestBytes,
      concurrency: limits.requestsPerPiece,
      retry: { initialDelayMs: 200, maxDelayMs: 15_000, deadlineMs: retryDeadlineMs },
    });
  }

  #openRepository(): Promise<Repository> {
    this.#repository ??= (async () => {
      const { directory } = parseRepositoryUrl(this.#settings.settings.repositoryUrl);
      return openRepository(await openFileStore(directory));
    })().catch((error: unknown) => {
      this.#repository = undefined;
      throw error;
    });
    return this.#repository;
  }

  #connect(): Promise<Catalog> {
    // A failure is not kept: the next piece may find the server back.
    this.#catalog ??= connectElasticsearch(this.#settings.settings.elasticsearch).catch(
      (error: unknown) => {
        this.#catalog = undefined;
        throw error;
      },
    );
    return this.#catalog;
  }
}

/** Where records begin that may be shown by a later archive: of transactions that had not ended. */
function settledEnd({ slice }: SegmentEntry, transactions: TransactionScan | undefined): bigint {
  const open = transactions?.open[0]?.firstOffset ?? slice.end;
  const end = open < slice.end ? open : slice.end;
  return end > slice.start ? end : slice.start;
}

function outcomeOf({ counts }: BulkWriter) {
  const { created, updated, dropped, rejected, retries, bytes } = counts;
  return { created, updated, dropped, rejected, retries, bytes };
}
