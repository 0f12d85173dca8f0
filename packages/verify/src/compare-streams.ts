import { throwIfAborted, type Offset } from '@kops/core';
import type { KafkaRecord, TimestampType } from '@kops/record-batch';
import { findAlignment, type Alignment } from './align.ts';
import type { OffsetTranslation } from './compare-port.ts';
import type { DifferenceLog } from './difference-log.ts';
import { explainRegion, type PrintPair } from './explain-region.ts';
import type { RecordCursor } from './record-cursor.ts';
import {
  describeFields,
  describeRecord,
  differingFields,
  type RecordPrint,
} from './record-print.ts';
import { sameRecord } from './same-record.ts';

/** How two streams are compared. */
export interface StreamOptions {
  readonly translate: OffsetTranslation;
  readonly windowRecords: number;
  /** Prints of the records just before a source offset, to tell a duplicate from a stranger. */
  readonly recall: (before: Offset) => Promise<readonly RecordPrint[]>;
  readonly onProgress?: (records: number) => void;
  readonly signal?: AbortSignal;
}

const progressEvery = 16_384;

/** Compares record by record what an archive shows with what a target holds. Memory: two windows of prints. */
export class StreamComparison {
  equal = 0;
  bytes = 0;
  maxTimestamp: bigint | null = null;
  timestampTypesNotKept = 0;
  readonly #source: RecordCursor;
  readonly #target: RecordCursor;
  readonly #log: DifferenceLog;
  readonly #options: StreamOptions;
  /** By how much target offsets are off, as far as that was reported; null: to be learnt anew after a reported difference. */
  #shift: bigint | null = 0n;
  #nextSource: Offset = 0n;
  #compared = 0;

  constructor(
    source: RecordCursor,
    target: RecordCursor,
    log: DifferenceLog,
    options: StreamOptions,
  ) {
    this.#source = source;
    this.#target = target;
    this.#log = log;
    this.#options = options;
  }

  async run(): Promise<void> {
    for (;;) {
      const isDone =
        this.#source.hasPrints || this.#target.hasPrints
          ? await this.#stepPrints()
          : await this.#stepRecords();
      if (isDone) return;
    }
  }

  /** The usual way: both records as they are, as long as they are equal. */
  async #stepRecords(): Promise<boolean> {
    const source = this.#source;
    const target = this.#target;
    for (;;) {
      // Waiting only where a batch ends: a promise for every record would cost more than the comparison.
      const a = source.nextInGroup() ?? (await source.next());
      const b = target.nextInGroup() ?? (await target.next());
      if (a === undefined && b === undefined) return true;
      if (a === undefined || b === undefined || !sameRecord(a, b)) {
        await this.#resolve();
        return false;
      }
      this.#accept(a, b, source.timestampType, target.timestampType);
      this.#measure(a);
      source.pass();
      target.pass();
    }
  }

  /** After a difference: by prints, until they are used up. */
  async #stepPrints(): Promise<boolean> {
    const [a] = await this.#source.peek(1);
    const [b] = await this.#target.peek(1);
    if (a === undefined && b === undefined) return true;
    if (a?.digest !== b?.digest || a === undefined || b === undefined) {
      await this.#resolve();
      return false;
    }
    this.#accept(a, b, a.timestampType, b.timestampType);
    this.#measurePrint(a);
    this.#source.skip(1);
    this.#target.skip(1);
    return false;
  }

  #accept(
    source: { readonly offset: Offset },
    target: { readonly offset: Offset },
    sourceType: TimestampType,
    targetType: TimestampType,
  ): void {
    this.#log.breakRun();
    this.#nextSource = source.offset + 1n;
    const isTyped =
      sourceType === targetType || this.#typeDiffers(source, target, sourceType, targetType);
    const delta = target.offset - this.#options.translate(source.offset);
    if (this.#shift === null) this.#shift = delta;
    else if (delta !== this.#shift) this.#offsetDiffers(source.offset, target.offset, delta);
    if (delta === 0n && isTyped) this.equal++;
    if (++this.#compared % progressEvery === 0) {
      throwIfAborted(this.#options.signal);
      this.#options.onProgress?.(this.#compared);
    }
  }

  /** Returns whether that is no error. */
  #typeDiffers(
    source: { readonly offset: Offset },
    target: { readonly offset: Offset },
    sourceType: TimestampType,
    targetType: TimestampType,
  ): boolean {
    if (sourceType === 'LogAppendTime') {
      // Produce keeps the time, but only a broker may set this type.
      this.timestampTypesNotKept++;
      return true;
    }
    this.#log.add({
      kind: 'changed',
      source: source.offset,
      target: target.offset,
      fields: ['timestampType'],
      message: `record at offset ${source.offset} was changed: timestampType ${sourceType} became ${targetType}`,
    });
    return false;
  }

  #offsetDiffers(source: Offset, target: Offset, delta: bigint): void {
    this.#shift = delta;
    this.#log.add({
      kind: 'offset',
      source,
      target,
      fields: ['offset'],
      message: `record of offset ${source} is at target offset ${target} instead of ${target - delta}; later records are shifted, too`,
    });
  }

  #measure({ timestamp, key, value, headers }: KafkaRecord): void {
    this.bytes += (key?.byteLength ?? 0) + (value?.byteLength ?? 0);
    for (const header of headers) this.bytes += header.key.length + (header.value?.byteLength ?? 0);
    if (this.maxTimestamp === null || timestamp > this.maxTimestamp) this.maxTimestamp = timestamp;
  }

  #measurePrint({ timestamp, key, value }: RecordPrint): void {
    this.bytes += (key.length ?? 0) + (value.length ?? 0);
    if (this.maxTimestamp === null || timestamp > this.maxTimestamp) this.maxTimestamp = timestamp;
  }

  /** Finds out what happened where both sides part, reports it, and passes it. */
  async #resolve(): Promise<void> {
    throwIfAborted(this.#options.signal);
    const wanted = this.#options.windowRecords;
    const source = await this.#source.peek(wanted);
    const target = await this.#target.peek(wanted);
    const found = findAlignment(
      { records: source, isEnd: source.length < wanted },
      { records: target, isEnd: target.length < wanted },
    );
    const passed = found ?? { source: source.length, target: target.length };
    const left = source.slice(0, passed.source);
    const right = target.slice(0, passed.target);
    if (found !== undefined || left.length === 0 || right.length === 0)
      await this.#describe(left, right);
    else this.#diverged(left, right, passed);
    for (const print of left) this.#measurePrint(print);
    this.#nextSource = (left.at(-1)?.offset ?? this.#nextSource - 1n) + 1n;
    this.#shift = null;
    this.#source.skip(passed.source);
    this.#target.skip(passed.target);
  }

  #diverged(left: readonly RecordPrint[], right: readonly RecordPrint[], passed: Alignment): void {
    const first = left[0]?.offset ?? null;
    this.#log.add({
      kind: 'diverged',
      source: first,
      target: right[0]?.offset ?? null,
      count: Math.max(passed.source, passed.target),
      message: `content differs from offset ${String(first)} on: the next ${passed.source} records are missing from the target in this order`,
    });
  }

  async #describe(left: readonly RecordPrint[], right: readonly RecordPrint[]): Promise<void> {
    const region = explainRegion(left, right);
    for (const { source, target } of region.equal) {
      // What was added or dropped before them is reported; their offsets follow from it.
      this.#shift = null;
      this.#accept(source, target, source.timestampType, target.timestampType);
    }
    for (const [first, second] of region.swapped) this.#swapped(first, second);
    for (const { source, target } of region.moved) this.#moved(source, target);
    for (const { source, target } of region.changed) this.#changed(source, target);
    for (const print of region.missing) this.#missing(print);
    await this.#extra(region.extra, left);
  }

  #swapped(first: PrintPair, second: PrintPair): void {
    this.#log.add({
      kind: 'swapped',
      source: first.source.offset,
      target: second.target.offset,
      count: 2,
      message: `records at offsets ${first.source.offset} and ${second.source.offset} are swapped on the target`,
    });
  }

  #moved(source: RecordPrint, target: RecordPrint): void {
    this.#log.add({
      kind: 'swapped',
      source: source.offset,
      target: target.offset,
      message: `record at offset ${source.offset} is in another order on the target: it is at target offset ${target.offset}`,
    });
  }

  #changed(source: RecordPrint, target: RecordPrint): void {
    const fields = differingFields(source, target);
    this.#log.add({
      kind: 'changed',
      source: source.offset,
      target: target.offset,
      fields,
      message: `record at offset ${source.offset} was changed: ${describeFields(fields, source, target)}`,
    });
  }

  #missing(source: RecordPrint): void {
    this.#log.add({
      kind: 'missing',
      source: source.offset,
      target: null,
      message: `record at offset ${source.offset} is missing on the target (${describeRecord(source)})`,
    });
  }

  async #extra(extra: readonly RecordPrint[], near: readonly RecordPrint[]): Promise<void> {
    if (extra.length === 0) return;
    const known = this.#log.isFull ? [] : await this.#options.recall(this.#nextSource);
    const ahead = await this.#source.peek(this.#options.windowRecords);
    for (const print of extra) {
      const original = [...known, ...near, ...ahead].find(({ digest }) => digest === print.digest);
      const text = describeRecord(print);
      this.#log.add(
        original === undefined
          ? {
              kind: 'extra',
              source: null,
              target: print.offset,
              message: `target offset ${print.offset} contains a record that is not in the archive (${text})`,
            }
          : {
              kind: 'duplicated',
              source: original.offset,
              target: print.offset,
              message: `record at offset ${original.offset} is duplicated: it is also at target offset ${print.offset} (${text})`,
            },
      );
    }
  }
}
