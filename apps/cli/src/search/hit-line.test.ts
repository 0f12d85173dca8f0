import type { RecordHit } from '@kops/catalog';
import { describe, expect, it } from 'vitest';
import { marks, showHit, showMarks } from './hit-line.ts';

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

const shownOf = (...hit: Parameters<typeof hitOf>) => showHit(hitOf(...hit));

describe('a hit as cells', () => {
  it('says where the record is, and how it begins', () => {
    expect(shownOf({ message: 'order 4711', kafka: { key: 'k' } })).toEqual({
      ...{ archive: 'a1', topic: 'orders', partition: '2', offset: '41' },
      ...{ time: '2026-02-25T06:13:20.000Z', key: 'k', record: 'order 4711' },
    });
    expect(showHit({ ...hitOf({}), timestamp: -1n }).time).toBe('(no time)');
  });

  it('shows what matched, not how the value begins', () => {
    const message = [`${'x'.repeat(100)}${before}needle${after}y`];
    expect(shownOf({ message: 'begin' }, { message }).record).toBe(
      `…${'x'.repeat(24)}${before}needle${after}y`,
    );
  });

  it('cuts keys and values', () => {
    const long = '🚀'.repeat(500);
    const { key, record } = shownOf({ message: long, kafka: { key: long } });
    expect(Array.from(key).length).toBeLessThan(50);
    expect(Array.from(record).length).toBeLessThan(70);
  });

  it('marks a key that matched where the key is, and shows the value all the same', () => {
    const matched = { 'kafka.key': [`${before}order-1${after}`] };
    const { key, record } = shownOf({ message: 'paid', kafka: { key: 'order-1' } }, matched);
    expect({ key, record }).toEqual({ key: `${before}order-1${after}`, record: 'paid' });
    const header = { 'kafka.headers': [`trace: ${before}t-1${after}`] };
    expect(shownOf({ message: 'paid' }, header).record).toBe(`header trace: ${before}t-1${after}`);
  });

  it.each([
    [{ tombstone: true }, '(null)'],
    [{ value_format: 'binary', value_bytes: 2048 }, '(binary, 2.0 KiB)'],
    [{ value_format: 'withheld', value_bytes: 5 }, '(withheld by a mask)'],
    [{ value_bytes: 5 }, '(5 B, not indexed)'],
    [{}, ''],
  ])('without a text of the value says why: %j', (kafka, said) => {
    expect(shownOf({ kafka }).record).toBe(said);
  });

  it('says of a key in base64 that it is', () => {
    expect(shownOf({ kafka: { key: '//4=', key_encoding: 'base64' } }).key).toBe('base64://4=');
  });

  it.each(['\u001b[2J', '\u009b31m', 'a\u202eb', 'a\u2028b', '\u0007'])(
    'lets %j not act on a terminal',
    (text) => {
      const { key, record } = shownOf({ message: text, kafka: { key: text } });
      for (const cell of [key, record]) {
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
