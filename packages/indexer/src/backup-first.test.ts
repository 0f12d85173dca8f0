import { describe, expect, it } from 'vitest';
import { BackupFirst } from './backup-first.ts';

const mebibyte = 1024 * 1024;
const stepMs = 250;

/** What is decided every quarter of a second while so many bytes a second come in, rate by rate. */
function decide(...rates: readonly (readonly [seconds: number, bytesPerSecond: number])[]) {
  const first = new BackupFirst();
  const decisions: boolean[] = [];
  let bytes = 7 * mebibyte;
  let nowMs = 123_456;
  for (const [seconds, rate] of rates) {
    for (let ms = 0; ms < seconds * 1000; ms += stepMs) {
      decisions.push(first.mustWait(nowMs, bytes));
      nowMs += stepMs;
      bytes += (rate * stepMs) / 1000;
    }
  }
  return decisions;
}
const secondsOf = (decisions: readonly boolean[], wanted: boolean): number =>
  (decisions.filter((one) => one === wanted).length * stepMs) / 1000;

describe('BackupFirst', () => {
  it('lets indexing go on beside nothing, and beside a little', () => {
    expect(decide([10, 0])).not.toContain(true);
    expect(decide([10, 4 * mebibyte])).not.toContain(true);
  });

  it('makes it wait within half a second, and lets it go on soon after', () => {
    const decisions = decide([5, 0], [10, 300 * mebibyte], [5, 0]);
    const [begin, end] = [decisions.indexOf(true), decisions.lastIndexOf(true)];
    expect(begin * stepMs).toBeGreaterThan(5000);
    expect(begin * stepMs).toBeLessThanOrEqual(5500);
    expect(end * stepMs).toBeGreaterThan(14_500);
    expect(end * stepMs).toBeLessThanOrEqual(16_750);
    expect(decisions.slice(begin, end)).not.toContain(false);
  });

  it('gives indexing its turn when backups never end', () => {
    const decisions = decide([700, 300 * mebibyte]);
    expect(secondsOf(decisions, false)).toBeGreaterThan(90);
    expect(secondsOf(decisions, false)).toBeLessThan(120);
    // No wait is longer than a minute.
    const text = decisions.map((wait) => (wait ? 'w' : '-')).join('');
    expect(Math.max(...text.split(/-+/).map(({ length }) => length)) * stepMs).toBe(60_000);
  });

  it('takes a sum that falls, because a backup has ended, for nothing that came in', () => {
    const first = new BackupFirst();
    for (let at = 0; at < 10; at++)
      expect(first.mustWait(at * stepMs, (10 - at) * 100 * mebibyte)).toBe(false);
  });
});
