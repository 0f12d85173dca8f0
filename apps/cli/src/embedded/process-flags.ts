/**
 * How processes that move the bytes of a backup are started.
 * @module
 */

/**
 * These processes move bytes outside the JavaScript heap, and by default V8 collects that heap after every few dozen MiB of them: two fifths of
 * the CPU time. Counted against the heap's own limit they do not press; small semi-spaces and one collecting thread keep memory low.
 */
export const memoryFlags: readonly string[] = [
  '--external-memory-accounted-in-global-limit',
  '--single-threaded-gc',
  '--max-semi-space-size=2',
];

/** Threads for files: with Node's four, syncs of four segments would keep all writes waiting. */
export const threads = '16';
