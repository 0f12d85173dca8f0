import type { KafkaRecord } from '@kops/record-batch';
import type { TextOutput } from '../output/text-output.ts';
import type { PlacedRecord } from './matched-line.ts';
import type { RecordWriter } from './record-writer.ts';
import type { ScannedPartition } from './scan-segments.ts';
import { showRecord } from './shown-record.ts';

/** Records that were found, on their way to stdout. Nothing is written before the first. */
export class Findings {
  readonly #archive: string;
  readonly #writer: RecordWriter<PlacedRecord>;
  readonly #output: TextOutput;
  isBegun = false;
  #isPending = false;

  constructor(archive: string, writer: RecordWriter<PlacedRecord>, output: TextOutput) {
    this.#archive = archive;
    this.#writer = writer;
    this.#output = output;
  }

  get count(): number {
    return this.#writer.count;
  }

  get isGone(): boolean {
    return this.#output.isGone;
  }

  async add(record: KafkaRecord, { topic, partition }: ScannedPartition): Promise<void> {
    await this.#begin();
    this.#isPending = true;
    await this.#writer.add({ topic, partition, ...showRecord(record) });
  }

  /** Hands over what was found since the last time: nobody waits for more of it. */
  async flush(): Promise<void> {
    if (!this.#isPending) return;
    this.#isPending = false;
    await this.#output.flush();
  }

  async end(tail: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#begin();
    await this.#writer.end(tail);
  }

  async #begin(): Promise<void> {
    if (this.isBegun) return;
    this.isBegun = true;
    await this.#writer.begin({ archive: this.#archive });
  }
}
