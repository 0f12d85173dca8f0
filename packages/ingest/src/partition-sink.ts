import {
  mergeLeaderEpochs,
  segmentLimits,
  truncateLeaderEpochs,
  type BatchHeader,
  type LeaderEpoch,
  type Loss,
  type PartitionIdentity,
  type SegmentEntry,
} from '@kops/archive-format';
import { KopsError, type Coordinates, type Offset } from '@kops/core';
import { splitBatches, type RecordBatchView } from '@kops/record-batch';
import { RunDigest } from '@kops/transport';
import type { PartitionSnapshot } from './cluster-snapshot.ts';
import type { SealedSegment } from './capture-record.ts';
import {
  damagedHeader,
  DamageCheck,
  damageLoss,
  hasPlausibleOffsets,
  noteDamage,
  problemOf,
} from './damaged-batch.ts';
import { stillInForce } from './leader-epochs.ts';
import { OpenSegment } from './open-segment.ts';
import { OpenTransactions } from './open-transactions.ts';
import type { SinkOptions } from './sink-options.ts';
import { passedLoss, splitPurges, withPassed, type ToldOffsets } from './passed-offsets.ts';
import type { HeldEnd, PartitionPlan } from './plan-backup.ts';

/** Ends of a log: a high watermark and, not above it, a last stable offset. */
export type LogEnds = Pick<PartitionSnapshot, 'highWatermark' | 'lastStableOffset'>;

const farthest = (a: Offset, b: Offset): Offset => (a > b ? a : b);
const least = (a: Offset, b: Offset): Offset => (a < b ? a : b);

/**
 * Takes one partition's batches in and makes them durable: checks each batch, appends to the open segment, seals.
 *
 * `position` is where capture stands: every offset below it is archived, a hole or a loss. `durable` is the archived watermark:
 * the position up to which all copies have confirmed the bytes and a successor would find them.
 * Methods that change the log are run one after the other.
 */
export class PartitionSink {
  readonly plan: PartitionPlan;
  readonly identity: PartitionIdentity;
  readonly losses: Loss[];
  /** Up to where an archive holds the partition, if any is known. */
  held: HeldEnd | undefined;
  readonly #options: SinkOptions;
  readonly #transactions: OpenTransactions;
  readonly #damage = new DamageCheck();
  #logStart: Offset;
  #position: Offset;
  #durable: Offset;
  #entries: SegmentEntry[] = [];
  #leaderEpochs: LeaderEpoch[];
  #parentEnd: Offset;
  #archivedEnd: Offset;
  #segment: OpenSegment | undefined;
  /** Where a successor stands that has taken over all that is sealed: holes and losses since then are not written down. */
  #reach: Offset;
  #ends: LogEnds;
  #truncations = 0;
  #isRejected = false;
  /** What a write has failed with: what of it reached the copies is unknown, so nothing may follow. */
  #failure: KopsError | undefined;
  readonly #sealedKeys: string[] = [];
  #bytes = 0;
  #tail: Promise<unknown> = Promise.resolve();
  readonly #runDigest = new RunDigest();
  /** Segments that were sealed in the current run. */
  #runEntries: SegmentEntry[] = [];

  constructor(options: SinkOptions) {
    const { plan, clusterId } = options;
    this.#options = options;
    this.plan = plan;
    this.identity = { clusterId, topicId: plan.topic.topicId, partition: plan.snapshot.partition };
    this.losses = [...plan.losses];
    this.#logStart = plan.snapshot.logStart;
    this.#position = plan.resume;
    this.#reach = plan.resume;
    const { highWatermark, lastStableOffset } = plan.snapshot;
    this.#ends = { highWatermark, lastStableOffset };
    this.#durable = plan.resume;
    this.#parentEnd = plan.resume;
    this.#archivedEnd = plan.resume;
    this.held = plan.held;
    this.#leaderEpochs = [...plan.leaderEpochs];
    this.#transactions = new OpenTransactions(
      plan.parent?.partition.openTransactions,
      options.fixedCut ? plan.cut : 0n,
    );
  }

  get position(): Offset {
    return this.#position;
  }
  get durable(): Offset {
    return this.#durable;
  }
  /**
   * Up to where an archive can show the partition: what is durable beyond it lies in the open segment, which no list can name yet.
   * Never above `durable`.
   */
  get sealedEnd(): Offset {
    return least(this.#segment?.from ?? this.#durable, this.#durable);
  }
  get logStart(): Offset {
    return this.#logStart;
  }
  /** Sealed segments of this capture. */
  get entries(): readonly SegmentEntry[] {
    return this.#entries;
  }
  /** Keys of all segments that this capture itself has sealed, also of those that a truncation took away again. */
  get sealedKeys(): readonly string[] {
    return this.#sealedKeys;
  }
  get leaderEpochs(): readonly LeaderEpoch[] {
    return this.#leaderEpochs;
  }
  /** Where the parent's part ends: below the parent's cut after a truncation. */
  get parentEnd(): Offset {
    return this.#parentEnd;
  }
  /** Where the newest archive of the partition ends that this capture continues or has committed; for a baseline where it begins. */
  get archivedEnd(): Offset {
    return this.#archivedEnd;
  }
  /** What the log start has passed behind the newest archive of the partition. */
  get passed(): Loss | undefined {
    return passedLoss(this.held, this.#logStart);
  }
  /** All losses that the next archive tells, and the deletions that are expected. */
  get told(): ToldOffsets {
    const { plan, losses, passed } = this;
    const { expectsPurge: expected = false } = this.#options;
    return splitPurges(withPassed(losses, passed), { expected, before: plan.purges ?? [] });
  }
  /** A run was rejected: what the position says is not archived any more. */
  get isRejected(): boolean {
    return this.#isRejected;
  }
  /** Bytes taken in by this capture. */
  get bytes(): number {
    return this.#bytes;
  }
  /** Nothing of the partition is archived yet, neither by a parent nor by this capture. */
  get isEmpty(): boolean {
    return this.plan.parent === undefined && this.#bytes === 0 && this.#entries.length === 0;
  }
  get lastEpoch(): number {
    return this.#leaderEpochs.at(-1)?.epoch ?? -1;
  }
  get transactions(): OpenTransactions {
    return this.#transactions;
  }

  /** An archive shows the partition up to its cut. */
  archived(cut: Offset, archive: string): void {
    this.#archivedEnd = cut;
    this.held = { archive, end: cut };
    this.#transactions.forgetBelow(cut);
  }

  /** Begins a run of data: what a State will close with the hash of its bytes. */
  beginRun(): void {
    this.#runEntries = [];
    this.#runDigest.reset();
  }

  /** What a State must say of everything appended since {@link beginRun}. */
  runDigest(): Promise<Buffer> {
    return this.#serially(() => Promise.resolve(this.#runDigest.digest()));
  }

  /**
   * Removes what the current run has written: its hash was not what the agent fetched, and no successor may adopt it. The open segment goes
   * whole; what of it was acknowledged before is fetched again. The sink is of no use afterwards.
   */
  rejectRun(): Promise<void> {
    return this.#serially(async () => {
      this.#isRejected = true;
      // What the segment held is not archived any more.
      this.#durable = this.sealedEnd;
      await this.#segment?.discard();
      this.#segment = undefined;
      for (const { key } of this.#runEntries) {
        await Promise.all(this.#options.stores.map((store) => store.delete(key)));
      }
    });
  }

  /**
   * Takes whole batches that follow the position. One that fails its check is refused at first; when it comes again with the same bytes it is stored
   * as it is, which is a loss.
   * @throws KOPS_BATCH_CORRUPT, KOPS_OFFSET_MISMATCH, KOPS_MAGIC_UNSUPPORTED; what the store throws
   */
  append(run: Uint8Array): Promise<void> {
    return this.#serially(() => this.#append(run));
  }

  /** Takes note of the log's ends as a leader tells them, and returns the farthest that were told of this log: both only ever grow. */
  noteEnds({ highWatermark, lastStableOffset }: LogEnds): LogEnds {
    this.#ends = {
      highWatermark: farthest(this.#ends.highWatermark, highWatermark),
      lastStableOffset: farthest(this.#ends.lastStableOffset, lastStableOffset),
    };
    return this.#ends;
  }

  /** Moves over offsets that the log lacks. */
  skipTo(next: Offset, logStart: Offset): Promise<void> {
    return this.#serially(async () => {
      if (this.isEmpty && this.#segment === undefined && logStart >= next)
        this.#logStart = this.#reach = next;
      if (next <= this.#position) return;
      this.#position = next;
      if (this.#segment === undefined) this.#moveDurable(next);
    });
  }

  /** Takes note of a loss, and cuts back what a truncation has made another lineage. */
  lose(loss: Loss): Promise<void> {
    return this.#serially(async () => {
      await this.#seal();
      const { topicId, partition } = this.identity;
      // Before the position moves over it: after a crash nothing else would tell of it.
      await this.#options.journal.recordLoss({ topicId, partition, loss });
      this.losses.push(loss);
      if (loss.reason === 'truncation') this.#truncate(loss.from);
      this.#position = loss.reason === 'truncation' ? loss.from : loss.to;
      this.#reach = this.#position;
      this.#moveDurable(this.#position);
      this.#options.onLoss?.(this, loss);
    });
  }

  /**
   * Takes over a segment that an earlier capture sealed; it must start at the position, by its slice if not by itself.
   * @param batches the segment's, needed where it holds transactions
   */
  adopt(
    sealed: SealedSegment,
    batches?: AsyncIterable<{ readonly batch: RecordBatchView }>,
  ): Promise<void> {
    return this.#serially(async () => {
      await this.#options.journal.record(sealed);
      if (batches !== undefined)
        for await (const { batch } of batches) this.#transactions.observe(batch);
      this.#entries.push(sealed.entry);
      const epochs = stillInForce(sealed.entry.leaderEpochs, sealed.from);
      this.#leaderEpochs = mergeLeaderEpochs(this.#leaderEpochs, epochs);
      this.#bytes += sealed.entry.plaintextBytes;
      this.#position = sealed.to;
      this.#reach = sealed.to;
      this.#moveDurable(sealed.to);
    });
  }

  /** Seals the open segment if it holds at least `leastBytes`. */
  seal(leastBytes = 0): Promise<void> {
    return this.#serially(async () => {
      if ((this.#segment?.bytes ?? 0) >= leastBytes) await this.#seal();
    });
  }

  /** Makes what was appended durable and moves the watermark. Runs beside appends. */
  async sync(): Promise<void> {
    const segment = this.#segment;
    const position = this.#position;
    const truncations = this.#truncations;
    if (segment === undefined) return;
    try {
      await segment.sync();
    } catch (error) {
      // Sealed in the meantime: its publishing has made it durable, and the writer is closed.
      await this.#tail;
      if (this.#segment === segment) throw error;
    }
    // The log may have been cut back below the position meanwhile: the watermark must not come back to it.
    if (truncations === this.#truncations) this.#moveDurable(position);
  }

  /** Ends the sink, keeping the open segment's part for a successor. */
  suspend(): Promise<void> {
    return this.#end((segment) => segment.suspend());
  }

  /** Ends the sink and removes what is not sealed. */
  discard(): Promise<void> {
    return this.#end((segment) => segment.discard());
  }

  #end(how: (segment: OpenSegment) => Promise<void>): Promise<void> {
    return this.#serially(async () => {
      // A stream that has not noticed yet must not begin another part.
      this.#failure ??= new KopsError('KOPS_INTERRUPTED', 'the backup has ended', {
        at: this.#at(),
      });
      if (this.#segment !== undefined) await how(this.#segment);
      this.#segment = undefined;
    });
  }

  async #append(run: Uint8Array): Promise<void> {
    let headers: RecordBatchView[] = [];
    let start = 0;
    let at = 0;
    const flush = async (): Promise<void> => {
      if (headers.length > 0) await this.#write(run.subarray(start, at), headers);
      for (const batch of headers) this.#observe(batch);
      headers = [];
      start = at;
    };
    for (const batch of splitBatches(run, this.#at())) {
      this.#checkOrder(batch, headers.length > 0);
      const problem = problemOf(batch, this.#at());
      if (problem !== undefined) {
        await flush();
        await this.#takeDamaged(batch, problem);
        start = at += batch.sizeInBytes;
        continue;
      }
      const overlaps = batch.baseOffset < this.#position;
      if (overlaps || !this.#fits(batch, headers[0], at - start)) {
        await flush();
        await this.#seal();
      }
      headers.push(batch);
      at += batch.sizeInBytes;
      if (overlaps) await flush();
      this.#expected = batch.nextOffset;
    }
    await flush();
    if ((this.#segment?.bytes ?? 0) >= this.#options.segmentBytes) await this.#seal();
  }

  /** Stores a damaged batch in a segment of its own, of which an archive shows nothing. */
  async #takeDamaged(batch: RecordBatchView, problem: KopsError): Promise<void> {
    const isPlausible = hasPlausibleOffsets(batch, this.#ends.highWatermark);
    if (!this.#options.keepDamaged || !isPlausible) throw problem;
    this.#damage.confirm(batch, problem);
    await this.#seal();
    const from = this.#position;
    const segment = await this.#begin(batch.baseOffset, { damaged: true });
    const loss = damageLoss(batch, from, problem, segment.key);
    const { topicId, partition } = this.identity;
    // Before the segment is sealed: after a crash it could be adopted without its loss.
    await this.#options.journal.recordLoss({ topicId, partition, loss });
    await this.#write(batch.bytes, [damagedHeader(batch, this.lastEpoch)], segment);
    await this.#seal();
    noteDamage(this.losses, loss);
    this.#options.onLoss?.(this, loss);
  }

  /** Whether a batch may join the open segment behind the `pending` bytes of this run that are not in it yet. */
  #fits(
    { sizeInBytes, lastOffset }: RecordBatchView,
    firstPending: RecordBatchView | undefined,
    pending: number,
  ): boolean {
    if (this.#segment !== undefined)
      return this.#segment.fits({ sizeInBytes: pending + sizeInBytes, lastOffset });
    return (
      firstPending === undefined || lastOffset - firstPending.baseOffset < segmentLimits.offsetSpan
    );
  }

  #expected: Offset = -1n;

  #checkOrder(batch: RecordBatchView, within: boolean): void {
    const expected = within ? this.#expected : this.#position;
    const follows = within ? batch.baseOffset >= expected : batch.nextOffset > expected;
    if (follows) return;
    throw new KopsError(
      'KOPS_OFFSET_MISMATCH',
      `a batch with offsets ${String(batch.baseOffset)} to ${String(batch.lastOffset)} does not start at the expected offset ${String(expected)}`,
      {
        at: { ...this.#at(), offset: batch.baseOffset },
        hint: 'Run the backup again: it resumes from the durable data. If the error repeats, check the log of the broker for this partition.',
      },
    );
  }

  async #write(
    run: Uint8Array,
    headers: readonly BatchHeader[],
    segment = this.#segment,
  ): Promise<void> {
    const first = headers[0];
    const last = headers.at(-1);
    if (first === undefined || last === undefined) return;
    if (this.#failure !== undefined) throw this.#failure;
    this.#segment = segment ?? (await this.#begin(first.baseOffset));
    try {
      await this.#segment.append(run, headers);
      this.#runDigest.add(run);
    } catch (error) {
      this.#failure = KopsError.locate(error, this.#at());
      throw this.#failure;
    }
    this.#bytes += run.length;
    this.#position = last.lastOffset + 1n;
  }

  async #begin(
    baseOffset: Offset,
    { damaged = false }: { readonly damaged?: boolean } = {},
  ): Promise<OpenSegment> {
    const from = this.#position;
    const segment = await OpenSegment.begin(this.#options.stores, {
      ...this.identity,
      baseOffset,
      from,
      damaged,
    });
    // Behind a hole a successor could not tell the segment from one that lacks data before it, and what a batch has below the log start is not meant.
    if (baseOffset !== this.#reach)
      await this.#options.journal.recordOpened({ key: segment.key, from: this.#reach });
    return segment;
  }

  #observe(batch: RecordBatchView): void {
    this.#transactions.observe(batch);
    if (batch.partitionLeaderEpoch === this.lastEpoch) return;
    this.#leaderEpochs = mergeLeaderEpochs(this.#leaderEpochs, [
      { epoch: batch.partitionLeaderEpoch, startOffset: batch.baseOffset },
    ]);
  }

  async #seal(): Promise<void> {
    const segment = this.#segment;
    if (segment === undefined) return;
    if (this.#failure !== undefined) throw this.#failure;
    const entry = segment.finish();
    const { topicId, partition } = this.identity;
    // The bytes first, then the entry that a successor finds them by, then the name that the entry gives: a kill in between leaves the part.
    await segment.sync();
    await this.#options.journal.record({
      topicId,
      partition,
      from: this.#reach,
      to: this.#position,
      entry,
    });
    this.#sealedKeys.push(entry.key);
    await segment.publish();
    this.#segment = undefined;
    this.#reach = this.#position;
    this.#runEntries.push(entry);
    this.#entries.push(entry);
    this.#moveDurable(this.#position);
  }

  #truncate(end: Offset): void {
    this.#truncations++;
    this.#ends = { highWatermark: end, lastStableOffset: end };
    this.#entries = this.#entries
      .filter((entry) => entry.slice.start < end)
      .map((entry) =>
        entry.slice.end <= end ? entry : { ...entry, slice: { ...entry.slice, end } },
      );
    const rest = this.losses.filter(
      (loss) => loss.reason !== 'damaged-at-source' || loss.from < end,
    );
    this.losses.splice(0, Infinity, ...rest);
    if (end < this.#parentEnd) this.#parentEnd = end;
    this.#leaderEpochs = truncateLeaderEpochs(this.#leaderEpochs, end);
    this.#durable = end;
  }

  #moveDurable(offset: Offset): void {
    if (offset <= this.#durable) return;
    this.#durable = offset;
    this.#options.onDurable(this);
  }

  #serially<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#tail.then(work);
    // The caller gets the failure; the next in line must run all the same.
    this.#tail = run.catch(() => undefined);
    return run;
  }

  #at(): Coordinates {
    return { topic: this.plan.topic.name, partition: this.plan.snapshot.partition };
  }
}
