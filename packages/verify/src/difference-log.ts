import type { TopicPartition } from '@kops/core';
import type { Difference, DifferenceKind, Place } from './compare-port.ts';

/** Runs of these are one difference: a thousand missing records in a row need no thousand lines. */
const joined: ReadonlySet<DifferenceKind> = new Set(['missing', 'extra', 'diverged']);

/** A difference of records, without the names of the partition. */
export interface RecordDifference {
  readonly kind: DifferenceKind;
  readonly source: bigint | null;
  readonly target: bigint | null;
  readonly fields?: readonly string[];
  readonly count?: number;
  readonly message: string;
}

/** Collects the differences of one partition: the count is exact, what is listed is bounded, runs are joined. */
export class DifferenceLog {
  readonly list: Difference[] = [];
  /** Records that differ, listed or not. */
  records = 0;
  readonly #source: TopicPartition;
  readonly #target: TopicPartition;
  readonly #max: number;
  #mayJoin = false;

  constructor(source: TopicPartition, target: TopicPartition, max: number) {
    this.#source = source;
    this.#target = target;
    this.#max = max;
  }

  get isFull(): boolean {
    return this.list.length >= this.#max;
  }

  /** To be called when equal records lie between: the next difference is another one. */
  breakRun(): void {
    this.#mayJoin = false;
  }

  add({ kind, source, target, fields = [], count = 1, message }: RecordDifference): void {
    this.records += count;
    const last = this.list.at(-1);
    if (this.#mayJoin && last?.kind === kind && joined.has(kind)) {
      const total = last.count + count;
      this.list[this.list.length - 1] = { ...last, count: total, message: joinText(last, total) };
      return;
    }
    this.#mayJoin = !this.isFull;
    if (this.isFull) return;
    this.list.push({
      severity: 'error',
      kind,
      source: placeOf(this.#source, source),
      target: placeOf(this.#target, target),
      group: null,
      fields,
      count,
      message,
    });
  }
}

function joinText({ message }: Difference, total: number): string {
  const ending = / \(and \d+ more in a row\)$/;
  return `${message.replace(ending, '')} (and ${total - 1} more in a row)`;
}

function placeOf({ topic, partition }: TopicPartition, offset: bigint | null): Place | null {
  return offset === null ? null : { topic, partition, offset };
}
