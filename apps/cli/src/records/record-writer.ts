import type { TextOutput } from '../output/text-output.ts';
import { recordLine } from './record-line.ts';
import type { ShownRecord } from './shown-record.ts';

/** How records are written. */
export type RecordFormat = 'text' | 'ndjson' | 'json';

/** What stands around records in JSON. */
export interface RecordsHead {
  readonly archive: string;
  readonly topic: string;
  readonly partition: number;
  /** What the archive shows of the partition: offsets [logStart, cut). */
  readonly logStart: string;
  readonly cut: string;
}

/** Writes records one by one, so that any number of them fits into memory. */
export class RecordWriter {
  readonly #output: TextOutput;
  readonly #format: RecordFormat;
  #count = 0;

  constructor(output: TextOutput, format: RecordFormat) {
    this.#output = output;
    this.#format = format;
  }

  get count(): number {
    return this.#count;
  }

  async begin(head: RecordsHead): Promise<void> {
    if (this.#format !== 'json') return;
    const open = JSON.stringify(head, null, 2).slice(0, -2);
    await this.#output.write(`${open},\n  "records": [`);
  }

  async add(record: ShownRecord): Promise<void> {
    await this.#output.write(this.#text(record));
    this.#count++;
  }

  /** Ends the output, also when reading failed: what was written is whole. */
  async end(error?: Record<string, unknown>): Promise<void> {
    if (this.#format === 'json') {
      const tail = error === undefined ? '' : `,\n  "error": ${JSON.stringify(error)}`;
      await this.#output.write(`${this.#count === 0 ? '' : '\n  '}]${tail}\n}\n`);
    }
    await this.#output.flush();
  }

  #text(record: ShownRecord): string {
    if (this.#format === 'text') return `${recordLine(record)}\n`;
    if (this.#format === 'ndjson') return `${JSON.stringify(record)}\n`;
    return `${this.#count === 0 ? '' : ','}\n    ${JSON.stringify(record)}`;
  }
}
