import type { TextOutput } from '../output/text-output.ts';
import { recordLine } from './record-line.ts';
import type { ShownRecord } from './shown-record.ts';

/** How records are written. */
export type RecordFormat = 'text' | 'ndjson' | 'json';

/** Writes records one by one, so that any number of them fits into memory. */
export class RecordWriter<R extends ShownRecord = ShownRecord> {
  readonly #output: TextOutput;
  readonly #format: RecordFormat;
  readonly #lineOf: (record: R) => string;
  #count = 0;

  /** @param lineOf a record as a line for people */
  constructor(
    output: TextOutput,
    format: RecordFormat,
    lineOf: (record: R) => string = recordLine,
  ) {
    this.#output = output;
    this.#format = format;
    this.#lineOf = lineOf;
  }

  get count(): number {
    return this.#count;
  }

  /** Begins the output with what stands before the records in JSON. */
  async begin(head: Readonly<Record<string, unknown>>): Promise<void> {
    if (this.#format !== 'json') return;
    const open = JSON.stringify(head, null, 2).slice(0, -2);
    await this.#output.write(`${open},\n  "records": [`);
  }

  async add(record: R): Promise<void> {
    await this.#output.write(this.#text(record));
    this.#count++;
  }

  /** Ends the output with what stands after the records in JSON, also when reading failed: what was written is whole. */
  async end(tail: Readonly<Record<string, unknown>> = {}): Promise<void> {
    if (this.#format === 'json') {
      const fields = Object.entries(tail).map(
        ([name, value]) => `,\n  ${JSON.stringify(name)}: ${JSON.stringify(value)}`,
      );
      await this.#output.write(`${this.#count === 0 ? '' : '\n  '}]${fields.join('')}\n}\n`);
    }
    await this.#output.flush();
  }

  #text(record: R): string {
    if (this.#format === 'text') return `${this.#lineOf(record)}\n`;
    if (this.#format === 'ndjson') return `${JSON.stringify(record)}\n`;
    return `${this.#count === 0 ? '' : ','}\n    ${JSON.stringify(record)}`;
  }
}
