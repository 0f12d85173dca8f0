import type { RecordHit } from '@kops/catalog';
import { describe, expect, it } from 'vitest';
import { hitCells, marks, showMarks } from './hit-line.ts';

const { before, after } = marks;

function hitOf(
  fields: Record<string, unknown>,
  highlights: RecordHit['highlights'] = {},
): RecordHit {
  return {
    cluster: 'c',
    topicId: 'ab'.repeat(16),
    topic: 'orders',
    partition: 2,
    offset: 41n,
    timestamp: 1_772_000_000_000n,
    lineage: 'l',
    archive: 'a1',
    segment: 's',
    fields,
    highlights,
  };
}

const cellsOf = (...hit: Parameters<typeof hitOf>): string[] => hitCells(hitOf(...hit));

describe('a hit as cells', () => {
  it('says where the record is, and how it begins', () => {
    expect(cellsOf({ message: 'order 4711', kafka: { key: 'k' } })).toEqual([
      ...['a1', 'orders', '2', '41', '2026-02-25T06:13:20.000Z', 'k', 'order 4711'],
    ]);
    expect(hitCells({ ...hitOf({}), timestamp: -1n })[4]).toBe('');
  });

  it('shows what matched, not how the value begins', () => {
    const message = [`${'x'.repeat(100)}${before}needle${after}y`];
    expect(cellsOf({ message: 'begin' }, { message })[6]).toBe(
      `…${'x'.repeat(24)}${before}needle${after}y`,
    );
  });

  it('cuts keys and values', () => {
    const long = '🚀'.repeat(500);
    const [key, value] = cellsOf({ message: long, kafka: { key: long } }).slice(5);
    expect(Array.from(key ?? '').length).toBeLessThan(50);
    expect(Array.from(value ?? '').length).toBeLessThan(70);
  });

  it.each(['\u001b[2J', '\u009b31m', 'a\u202eb', 'a\u2028b', '\u0007'])(
    'lets %j not act on a terminal',
    (text) => {
      for (const cell of cellsOf({ message: text, kafka: { key: text } }).slice(5)) {
        expect(cell).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e]/u);
        expect(cell).toContain('\uFFFD');
      }
    },
  );
});

describe('marks', () => {
  it('become bold on a terminal, and nothing elsewhere', () => {
    const line = `a ${before}b${after}`;
    expect(showMarks(line, true)).toBe('a \u001b[1mb\u001b[22m');
    expect(showMarks(line, false)).toBe('a b');
  });
});
