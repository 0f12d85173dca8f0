import { expect, describe, it } from 'vitest';
import { clearProgress, describeProgress, ProgressLine, type ProgressState } from './progress.ts';

const state: ProgressState = {
  label: 'backup',
  done: 400n,
  total: 1000n,
  bytes: 123_456_789n,
  detail: '10/24 partitions',
};

function screen(isTTY: boolean): { stream: NodeJS.WriteStream; text: () => string } {
  let text = '';
  const stream = { isTTY, columns: 60, write: (piece: string) => (text += piece) !== '' };
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text };
}

describe('progress', () => {
  it.each([
    [
      120,
      'backup  [==========              ]  40 %  117.7 MiB  1.9 MiB/s  1 m 33 s left  10/24 partitions',
    ],
    [80, 'backup  [====     ]  40 %  117.7 MiB  1.9 MiB/s  1 m 33 s left  10/24 partitions'],
    [59, 'backup   40 %  1.9 MiB/s  1 m 33 s left  10/24 partitions'],
    [50, ' 40 %  1.9 MiB/s  1 m 33 s left  10/24 partitions'],
  ])('in %i columns keeps rate, time left and partitions', (width, line) => {
    const described = describeProgress(state, 62_000, width);
    expect(described).toBe(line);
    expect(described.length).toBeLessThanOrEqual(width);
  });

  it('is off the screen before an error is written', () => {
    const { stream, text } = screen(true);
    new ProgressLine({ stream }).update(state);
    expect(text()).toMatch(/partitions$/);
    clearProgress();
    expect(text().endsWith('partitions\r\u001b[2K')).toBe(true);
  });

  it('has a time where nobody looks on, and paths as they are typed', () => {
    const { stream, text } = screen(false);
    const line = new ProgressLine({ stream, now: () => new Date(0) });
    line.event("in file:///my%20backups, (file:///b): 'file:///c%20d'");
    line.note('a plan');
    expect(text()).toBe("1970-01-01T00:00:00.000Z in '/my backups', (/b): '/c d'\na plan\n");
  });
});
