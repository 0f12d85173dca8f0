import type { KafkaRecord, TimestampType } from '@kops/record-batch';
import { printRecord, type RecordPrint } from './record-print.ts';
import type { RecordGroup } from './record-stream.ts';

/**
 * One side of a comparison: the next record as it is, or prints of the next few. Once records were looked at ahead, they are only there as
 * prints until these are used up.
 */
export class RecordCursor implements AsyncDisposable {
  #records: Iterator<KafkaRecord> | undefined;
  #current: KafkaRecord | undefined;
  #ahead: RecordPrint[] = [];
  readonly #groups: AsyncIterator<RecordGroup>;
  timestampType: TimestampType = 'CreateTime';
  /** Records read so far. */
  count = 0;

  constructor(groups: AsyncIterable<RecordGroup>) {
    this.#groups = groups[Symbol.asyncIterator]();
  }

  get hasPrints(): boolean {
    return this.#ahead.length > 0;
  }

  /** The next record if the group at hand has one: without anything asynchronous. Not while there are prints. */
  nextInGroup(): KafkaRecord | undefined {
    if (this.#current !== undefined) return this.#current;
    const next = this.#records?.next();
    if (next === undefined || next.done === true) {
      this.#records = undefined;
      return undefined;
    }
    this.count++;
    this.#current = next.value;
    return next.value;
  }

  /** The next record; undefined at the end. Not while there are prints. */
  async next(): Promise<KafkaRecord | undefined> {
    for (;;) {
      const record = this.nextInGroup();
      if (record !== undefined) return record;
      const group = await this.#groups.next();
      if (group.done === true) return undefined;
      this.timestampType = group.value.timestampType;
      this.#records = group.value.records[Symbol.iterator]();
    }
  }

  /** Passes the current record. */
  pass(): void {
    this.#current = undefined;
  }

  /** Prints of up to `wanted` next records, fewer at the end. */
  async peek(wanted: number): Promise<readonly RecordPrint[]> {
    while (this.#ahead.length < wanted) {
      const record = await this.next();
      if (record === undefined) break;
      this.#ahead.push(printRecord(record, this.timestampType));
      this.pass();
    }
    return this.#ahead;
  }

  /** Passes printed records. */
  skip(count: number): void {
    this.#ahead = this.#ahead.slice(count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#groups.return?.();
  }
}
