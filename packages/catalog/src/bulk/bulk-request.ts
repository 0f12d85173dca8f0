import type { BulkItem } from './bulk-port.ts';

/** A document in a request, and the bytes of its two lines. */
export interface RequestEntry {
  readonly item: BulkItem;
  readonly start: number;
  readonly end: number;
}

/**
 * The body of a bulk request, written as it is filled: each document is encoded once, straight into the bytes that are
 * sent, and a retry sends the same bytes.
 */
export class BulkRequest {
  readonly entries: RequestEntry[] = [];
  #buffer: Buffer;
  #length = 0;

  constructor(capacity: number) {
    // Not from the shared pool: it is large and lives long.
    this.#buffer = Buffer.allocUnsafeSlow(capacity);
  }

  get body(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  get byteLength(): number {
    return this.#length;
  }

  /** Adds a document; false, and nothing done, if it does not fit. A first document always does. */
  add(item: BulkItem): boolean {
    const text = `${actionLine(item)}\n${item.json}\n`;
    if (!this.#makeRoom(text)) return false;
    const start = this.#length;
    this.#length += this.#buffer.write(text, start, 'utf8');
    this.entries.push({ item, start, end: this.#length });
    return true;
  }

  #makeRoom(text: string): boolean {
    const room = this.#buffer.byteLength - this.#length;
    // No character takes more than three bytes per UTF-16 unit: exact counting is for the last few.
    if (text.length * 3 <= room) return true;
    const needed = Buffer.byteLength(text);
    if (needed <= room) return true;
    if (this.#length > 0) return false;
    this.#buffer = Buffer.allocUnsafeSlow(needed);
    return true;
  }

  /** A request of some of the entries; their bytes are copied, which only retries pay for. */
  pick(entries: readonly RequestEntry[]): BulkRequest {
    const bytes = entries.reduce((sum, { start, end }) => sum + end - start, 0);
    const picked = new BulkRequest(bytes);
    for (const { item, start, end } of entries) {
      const at = picked.#length;
      picked.#length += this.#buffer.copy(picked.#buffer, at, start, end);
      picked.entries.push({ item, start: at, end: picked.#length });
    }
    return picked;
  }
}

function actionLine({ index, id, pipeline, requireAlias }: BulkItem): string {
  const options =
    (pipeline === undefined ? '' : `,"pipeline":${JSON.stringify(pipeline)}`) +
    (requireAlias === true ? ',"require_alias":true' : '');
  return `{"index":{"_index":${JSON.stringify(index)},"_id":${JSON.stringify(id)}${options}}}`;
}
