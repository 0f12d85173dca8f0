/** Time that a rate is taken over, in ms. */
const windowMs = 1500;
/** Above this a backup is at work, in bytes per second: an agent that follows a quiet cluster stays far below. */
const busyBytesPerSecond = 8 * 1024 * 1024;
/** How long indexing stands back at most, in ms, */
const longestWaitMs = 60_000;
/** and how long it then goes on whatever there is: so a catalog is never behind without end. */
const turnMs = 10_000;

interface Sample {
  readonly atMs: number;
  readonly bytes: number;
}

/** Decides when indexing waits for the backups beside it, by the bytes that these take in. Knows no clock: it is told what time it is. */
export class BackupFirst {
  #samples: Sample[] = [];
  #waitingSinceMs: number | undefined;
  #turnUntilMs = -Infinity;

  /**
   * @param nowMs of a clock that never jumps
   * @param bytes that backups have taken in so far; may fall when one of them ends
   * @returns whether indexing is to wait
   */
  mustWait(nowMs: number, bytes: number): boolean {
    if (!this.#isBusy(nowMs, bytes) || nowMs < this.#turnUntilMs) {
      this.#waitingSinceMs = undefined;
      return false;
    }
    this.#waitingSinceMs ??= nowMs;
    if (nowMs - this.#waitingSinceMs < longestWaitMs) return true;
    this.#waitingSinceMs = undefined;
    this.#turnUntilMs = nowMs + turnMs;
    return false;
  }

  #isBusy(nowMs: number, bytes: number): boolean {
    this.#samples.push({ atMs: nowMs, bytes });
    const start = this.#samples.findLastIndex(({ atMs }) => atMs <= nowMs - windowMs);
    if (start > 0) this.#samples = this.#samples.slice(start);
    const taken = this.#samples.reduce(
      (sum, sample, index, all) =>
        sum + Math.max(0, sample.bytes - (all[index - 1] ?? sample).bytes),
      0,
    );
    return taken > (busyBytesPerSecond * windowMs) / 1000;
  }
}
