import type { ArchiveCommit, SegmentEntry, TopicManifest } from '@kops/archive-format';
import { archiveDocument, segmentDocument, type RecordSource } from '@kops/catalog';
import { throwIfAborted, toKopsError, type KopsError } from '@kops/core';
import { openArchive, type Archive } from '@kops/repository';
import type { IndexContext } from './index-context.ts';
import { rulesAfter } from './covered.ts';
import { addRange, type OffsetRange } from './offset-ranges.ts';
import { isDamage } from './plain-error.ts';
import { planPartition } from './plan-partition.ts';
import type { IndexFailure } from './state/index-state.ts';
import type { PieceOutcome } from './worker/worker-messages.ts';
import { writtenSegments } from './written-segments.ts';

/** Indexes what the catalog does not have of an archive: segments, records, and last the archive itself. */
export async function indexArchive(context: IndexContext, ref: ArchiveCommit): Promise<void> {
  const { state } = context;
  await state.record([{ archive: { archive: ref.archive, status: 'begun' } }]);
  await new ArchiveIndexing(context, ref).run();
}

class ArchiveIndexing {
  readonly #context: IndexContext;
  readonly #ref: ArchiveCommit;
  readonly #underway = new Set<Promise<void>>();
  #failure: KopsError | undefined;
  /** The first damage: of the archive itself, or of a segment. */
  #damage: IndexFailure | undefined;
  #isIncomplete = false;

  constructor(context: IndexContext, ref: ArchiveCommit) {
    this.#context = context;
    this.#ref = ref;
  }

  async run(): Promise<void> {
    const { archive } = this.#ref;
    const { report, state, meter } = this.#context;
    meter.archive(archive);
    try {
      await this.#index();
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#noteDamage(error);
    } finally {
      await Promise.all(this.#underway);
    }
    if (this.#failure !== undefined) throw this.#failure;
    const status = this.#isIncomplete ? 'incomplete' : 'done';
    const failure = this.#damage === undefined ? {} : { failure: this.#damage };
    await state.record([{ archive: { archive, status, ...failure } }]);
    (status === 'done' ? report.archives : report.incomplete).push(archive);
    meter.archiveDone(archive, status);
  }

  async #index(): Promise<void> {
    const { repository, withCatalog, signal } = this.#context;
    const archive = await openArchive(repository, this.#ref);
    for (const topic of archive.manifest.topics) {
      for (const { partition } of topic.partitions) {
        throwIfAborted(signal);
        await this.#indexPartition(archive, topic, partition);
        if (this.#failure !== undefined) return;
      }
    }
    while (this.#underway.size > 0) await Promise.race(this.#underway);
    if (this.#failure !== undefined) return;
    const document = archiveDocument(archive.manifest, repository.store.url);
    await withCatalog((catalog, call) => catalog.put([document], call));
  }

  /** Damage that is not of one segment: a manifest or a list that cannot be read. The rest goes on. */
  #noteDamage(error: KopsError): void {
    this.#isIncomplete = true;
    this.#damage ??= { code: error.code, message: error.message };
    this.#context.report.addFailure(error, { ...error.at, archive: this.#ref.archive });
  }

  async #indexPartition(archive: Archive, topic: TopicManifest, partition: number): Promise<void> {
    if (archive.partition(topic.name, partition).list === null) return;
    let segments: readonly SegmentEntry[];
    try {
      ({ segments } = await archive.segments({ topic: topic.name, partition }));
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#noteDamage(error);
      return;
    }
    const source = {
      cluster: archive.manifest.cluster.id,
      topicId: archive.partition(topic.name, partition).lineage.topicId,
      topic: topic.name,
      partition,
      archive: this.#ref.archive,
    };
    await this.#indexSegments(source, segments);
  }

  async #indexSegments(
    source: Omit<RecordSource, 'segment'>,
    segments: readonly SegmentEntry[],
  ): Promise<void> {
    const { state, policyOf, rulesOf, pieceBytes } = this.#context;
    const known = state.state.segments;
    const isIndexed = policyOf(source.topic).level !== 'none';
    const { pieces, transactionsFrom } = isIndexed
      ? planPartition(segments, (key) => known.get(key)?.covered ?? [], pieceBytes)
      : { pieces: [], transactionsFrom: undefined };
    await this.#putSegments(
      source,
      segments.filter(({ key }) => known.get(key)?.documented !== true),
    );
    const rules = rulesOf(source.topic);
    const nextOrder = () => state.state.nextOrder();
    const written = writtenSegments({ source, segments, pieces, rules, known, nextOrder });
    await state.record(written.map((segment) => ({ segment })));
    if (transactionsFrom === undefined) {
      for (const piece of pieces) await this.#submit({ source, pieces: [piece] });
      return;
    }
    // How transactions ended is found out once, so one thread takes the whole partition.
    const transactions = { ref: this.#ref, from: transactionsFrom };
    await this.#submit({ source, pieces, transactions });
  }

  async #putSegments(
    source: Omit<RecordSource, 'segment'>,
    segments: readonly SegmentEntry[],
  ): Promise<void> {
    if (segments.length === 0) return;
    const of = { ...source, repository: this.#context.repository.store.url };
    await this.#context.withCatalog((catalog, call) =>
      catalog.put(
        segments.map((entry) => segmentDocument(entry, of)),
        call,
      ),
    );
  }

  /** Hands a task to the threads, and waits only while there are enough. */
  async #submit(task: IndexTask): Promise<void> {
    const work: Promise<void> = this.#runTask(task)
      .catch((error: unknown) => {
        this.#failure ??= toKopsError(error);
        // The other tasks are in vain now, and one may be waiting for what does not come back.
        this.#context.pool.fail(this.#failure);
      })
      .finally(() => this.#underway.delete(work));
    this.#underway.add(work);
    while (this.#underway.size >= this.#context.maxTasks) await Promise.race(this.#underway);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #runTask({ source, pieces, transactions }: IndexTask): Promise<void> {
    const { pool, withCatalog } = this.#context;
    const left = new Set(pieces);
    await withCatalog(async () => {
      const again = [...left];
      if (again.length === 0) return;
      const pieceAt = (index: number): SegmentEntry => {
        const piece = again[index];
        if (piece === undefined) throw new RangeError(`there is no piece ${String(index)}`);
        return piece;
      };
      try {
        await pool.run(
          {
            source,
            pieces: again,
            ...(transactions === undefined ? {} : { transactions }),
          },
          {
            onPiece: async (index, outcome) => {
              await this.#finishPiece(pieceAt(index), outcome);
              left.delete(pieceAt(index));
            },
            onDamaged: async (index, error) => {
              await this.#failSegment(source, pieceAt(index), error);
              left.delete(pieceAt(index));
            },
          },
        );
      } catch (error) {
        // Where the ends of transactions cannot be read, nobody knows which records were aborted.
        if (!isDamage(error)) throw error;
        for (const entry of left) await this.#failSegment(source, entry, error);
        left.clear();
      }
    });
  }

  async #finishPiece({ key, slice }: SegmentEntry, outcome: PieceOutcome): Promise<void> {
    const { state, deadLetters, report, meter, rulesOf } = this.#context;
    const range: OffsetRange = { from: slice.start, to: slice.end };
    const letters = await deadLetters.replace(key, range, outcome.spool);
    const before = state.state.segments.get(key);
    if (before === undefined) return;
    report.addPiece(key, outcome);
    meter.addRejected(outcome.rejected);
    const segment = {
      ...before,
      covered: addRange(before.covered, { from: range.from, to: outcome.settledTo }),
      documents: before.documents + outcome.settledRecords,
      deadLetters: letters,
    };
    const rules = rulesAfter(segment, rulesOf(before.topic));
    await state.record([{ segment: { ...segment, rules } }]);
  }

  async #failSegment(
    { topic, partition, archive }: Omit<RecordSource, 'segment'>,
    { key }: SegmentEntry,
    error: KopsError,
  ): Promise<void> {
    const { state, report } = this.#context;
    this.#isIncomplete = true;
    const { code, message } = error;
    if (!report.failed.some(({ segment }) => segment === key))
      report.addFailure({ code, message }, { archive, topic, partition, segment: key });
    const before = state.state.segments.get(key);
    if (before === undefined) return;
    await state.record([{ segment: { ...before, failure: { code, message } } }]);
  }
}

interface IndexTask {
  readonly source: Omit<RecordSource, 'segment'>;
  readonly pieces: readonly SegmentEntry[];
  readonly transactions?: { readonly ref: ArchiveCommit; readonly from: bigint };
}
