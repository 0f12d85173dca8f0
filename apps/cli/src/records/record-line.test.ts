import { describe, expect, it } from 'vitest';
import { recordLine } from './record-line.ts';
import { showRecord } from './shown-record.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const record = { offset: 7n, timestamp: 0n, key: text('k'), value: text('v'), headers: [] };

describe('a record as a line', () => {
  it('shows offset, time, key and value', () => {
    expect(recordLine(showRecord(record))).toBe('7  1970-01-01T00:00:00.000Z  k  v');
  });

  it('tells null from empty', () => {
    expect(recordLine(showRecord({ ...record, key: null, value: text('') }))).toBe(
      '7  1970-01-01T00:00:00.000Z  (null)  (empty)',
    );
  });

  it('marks what is not text', () => {
    const shown = showRecord({
      ...record,
      key: new Uint8Array([255]),
      headers: [{ key: '�', keyBytes: new Uint8Array([250]), value: null }],
    });
    expect(shown.key).toEqual({ base64: '/w==' });
    expect(recordLine(shown)).toBe(
      '7  1970-01-01T00:00:00.000Z  base64:/w==  v  [base64:+g===(null)]',
    );
  });

  it.each([
    ['\u001b[2J', String.raw`\u001b[2J`],
    ['a\nb\tc\\', String.raw`a\nb\tc\\`],
    ['\u009b31m', String.raw`\u009b31m`],
    ['\u202egnp', String.raw`\u202egnp`],
    ['grüße 🚀', 'grüße 🚀'],
  ])('does not let %j act on a terminal', (value, shown) => {
    expect(recordLine(showRecord({ ...record, value: text(value) }))).toBe(
      `7  1970-01-01T00:00:00.000Z  k  ${shown}`,
    );
  });

  it.each([
    [-1n, '(no time)'],
    [9_000_000_000_000_000n, '9000000000000000'],
  ])('survives the time %s', (timestamp, shown) => {
    expect(recordLine(showRecord({ ...record, timestamp }))).toBe(`7  ${shown}  k  v`);
  });
});
