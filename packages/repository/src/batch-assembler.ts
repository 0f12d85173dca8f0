import { KopsError } from '@kops/core';

/** Bytes before the length field starts counting. */
const logOverhead = 12;
/** Bytes up to and including the magic: what says how long a batch is, and that it is one. */
const headEnd = 17;
/** A header without records: shorter is no batch. */
const smallestBatch = 61;
const largestBatch = 0x7fff_ffff;
const firstCapacity = 64 * 1024;

/** Whole batches, one after the other, and where they begin in the segment. */
export interface AssembledRun {
  readonly bytes: Uint8Array;
  readonly position: number;
}

/**
 * Cuts pieces of a segment into runs of whole batches. What lies whole inside a piece is a view of it;
 * only a batch that straddles pieces is copied, once.
 */
export class BatchAssembler {
  #position: number;
  readonly #end: number;
  #pending = new Uint8Array(0);
  #pendingBytes = 0;

  /**
   * @param position of the first piece in the segment
   * @param end of the segment, so that a damaged length is noticed before memory is asked for; omitted where it is unknown
   */
  constructor(position = 0, end?: number) {
    this.#position = position;
    this.#end = end ?? Number.MAX_SAFE_INTEGER;
  }

  /** Position after the last whole batch. */
  get position(): number {
    return this.#position;
  }

  /** Bytes held that are not a whole batch yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /**
   * Runs that a piece completes; each is valid until the next one is asked for. Take all of them before the next piece.
   * @throws KOPS_BATCH_CORRUPT at a length or magic that no stored batch can have
   */
  *push(piece: Uint8Array): Generator<AssembledRun> {
    const start = this.#pendingBytes === 0 ? 0 : this.#complete(piece);
    if (start < 0) return;
    if (start > 0) yield this.#take(this.#pending.subarray(0, this.#pendingBytes));
    this.#pendingBytes = 0;
    const { end, damage } = this.#findEnd(piece, start);
    if (end > start) yield this.#take(piece.subarray(start, end));
    // Only now, so that the whole batches before the damage are seen.
    if (damage !== undefined) throw damage;
    this.#hold(piece.subarray(end));
  }

  #take(bytes: Uint8Array): AssembledRun {
    const position = this.#position;
    this.#position += bytes.byteLength;
    return { bytes, position };
  }

  /** Fills the pending batch from the piece. Returns how much of the piece that took, or -1 if the batch is still not whole. */
  #complete(piece: Uint8Array): number {
    let used = 0;
    if (this.#pendingBytes < headEnd) {
      used = Math.min(headEnd - this.#pendingBytes, piece.byteLength);
      this.#hold(piece.subarray(0, used));
      if (this.#pendingBytes < headEnd) return -1;
    }
    const head = viewOf(this.#pending);
    const size = sizeAt(head, 0);
    const damage = this.#findDamage(head, 0, 0);
    if (damage !== undefined) throw damage;
    const missing = Math.min(size - this.#pendingBytes, piece.byteLength - used);
    this.#hold(piece.subarray(used, used + missing), size);
    return this.#pendingBytes === size ? used + missing : -1;
  }

  /** End of the last whole batch of the piece, and what is wrong with the one after it if it has an impossible length. */
  #findEnd(piece: Uint8Array, start: number): { end: number; damage?: KopsError } {
    const data = viewOf(piece);
    let end = start;
    while (end + headEnd <= piece.byteLength) {
      const damage = this.#findDamage(data, end, end - start);
      if (damage !== undefined) return { end, damage };
      const next = end + sizeAt(data, end);
      if (next > piece.byteLength) break;
      end = next;
    }
    return { end };
  }

  /** What is stored was checked to be of magic 2 when it came, so another magic is damage here. */
  #findDamage(data: DataView, at: number, ahead: number): KopsError | undefined {
    const size = sizeAt(data, at);
    const magic = data.getInt8(at + 16);
    const position = this.#position + ahead;
    if (
      size >= smallestBatch &&
      size <= Math.min(largestBatch, this.#end - position) &&
      magic === 2
    )
      return undefined;
    return new KopsError(
      'KOPS_BATCH_CORRUPT',
      `byte ${String(position)} does not start a valid batch (size ${String(size)}, magic ${String(magic)})`,
      {
        hint: 'Read the segment from another copy of the repository.',
      },
    );
  }

  #hold(bytes: Uint8Array, wanted = 0): void {
    const needed = this.#pendingBytes + bytes.byteLength;
    if (needed > this.#pending.byteLength) {
      // Grows with what has arrived, not with what a length claims: a damaged one cannot ask for 2 GiB.
      const grown = new Uint8Array(Math.max(needed, Math.min(wanted, needed * 2), firstCapacity));
      grown.set(this.#pending.subarray(0, this.#pendingBytes));
      this.#pending = grown;
    }
    this.#pending.set(bytes, this.#pendingBytes);
    this.#pendingBytes = needed;
  }
}

/** Bytes of the batch that begins here, by its length field. */
function sizeAt(data: DataView, at: number): number {
  return logOverhead + data.getInt32(at + 8);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
