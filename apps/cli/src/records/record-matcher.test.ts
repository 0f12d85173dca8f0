import type { KafkaRecord } from '@kops/record-batch';
import { describe, expect, it } from 'vitest';
import { matchedLine, type PlacedRecord } from './matched-line.ts';
import { RecordMatcher, type MatchRequest } from './record-matcher.ts';
import { showRecord } from './shown-record.ts';

const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);
const record: KafkaRecord = {
  offset: 7n,
  timestamp: 0n,
  key: bytes('Order-4711'),
  value: bytes('{"note":"a.b (c)","name":"Grüße 🚀"}'),
  headers: [{ key: 'trace', value: bytes('t-99') }],
};

function matcher(pattern: string, options: Partial<MatchRequest> = {}): RecordMatcher {
  return new RecordMatcher({
    pattern,
    isRegexp: false,
    ignoreCase: false,
    parts: 'all',
    ...options,
  });
}

describe('a pattern', () => {
  it.each<[string, Partial<MatchRequest>, boolean]>([
    ['4711', {}, true],
    ['4712', {}, false],
    ['a.b (c)', {}, true],
    ['a.b .c.', {}, false],
    ['a.b .c.', { isRegexp: true }, true],
    ['order-4711', {}, false],
    ['order-4711', { ignoreCase: true }, true],
    ['GRÜSSE', { ignoreCase: true }, false],
    ['GRÜ', { ignoreCase: true }, true],
    ['ü', {}, true],
    ['^Order-\\d+$', { isRegexp: true }, true],
    ['^order-\\d+$', { isRegexp: true }, false],
    ['^order-\\d+$', { isRegexp: true, ignoreCase: true }, true],
    ['4711', { parts: 'value' }, false],
    ['4711', { parts: 'key' }, true],
    ['note', { parts: 'key' }, false],
    ['note', { parts: 'value' }, true],
    ['trace', {}, true],
    ['t-99', {}, true],
    ['t-99', { parts: 'key' }, false],
    ['t-99', { parts: 'value' }, false],
  ])('%s with %j: %s', (pattern, options, isThere) => {
    expect(matcher(pattern, options).matches(record)).toBe(isThere);
  });

  it('is found in bytes that are no text, and not in nothing', () => {
    const binary = { ...record, key: null, value: new Uint8Array([255, 110, 101, 101, 254]) };
    expect(matcher('nee').matches(binary)).toBe(true);
    expect(matcher('null').matches({ ...record, key: null, value: null, headers: [] })).toBe(false);
  });

  it.each<[string, Partial<MatchRequest>]>([
    ['', {}],
    ['(', { isRegexp: true }],
    ['*', { isRegexp: true }],
  ])('%j with %j is wrong usage', (pattern, options) => {
    expect(() => matcher(pattern, options)).toThrow(
      expect.objectContaining({ code: 'KOPS_USAGE', exitCode: 2 }),
    );
    expect(() => matcher(pattern === '' ? 'x' : pattern)).not.toThrow();
  });
});

const placed = (fields: Partial<KafkaRecord> = {}): PlacedRecord => ({
  topic: 'orders',
  partition: 2,
  ...showRecord({ ...record, ...fields }),
});

describe('the line of a record that was found', () => {
  it('has its place, its time and its parts', () => {
    expect(matchedLine(placed(), matcher('x'), { isBold: false })).toBe(
      'orders-2  7  1970-01-01T00:00:00.000Z  Order-4711  {"note":"a.b (c)","name":"Grüße 🚀"}  [trace=t-99]',
    );
  });

  it('marks every match on a terminal, in the parts that are looked at', () => {
    const line = (options: Partial<MatchRequest>): string =>
      matchedLine(
        placed({ key: bytes('aXa'), value: bytes('a'), headers: [] }),
        matcher('a', options),
        { isBold: true },
      );
    const marked = '\u001b[1ma\u001b[22m';
    expect(line({})).toContain(`  ${marked}X${marked}  ${marked}`);
    expect(line({ parts: 'value' })).toContain(`  aXa  ${marked}`);
  });

  it('shows of a long value what stands around the match', () => {
    const value = bytes(`${'🚀'.repeat(500)}needle${'y'.repeat(5000)}`);
    const line = matchedLine(placed({ value, headers: [] }), matcher('needle'), { isBold: false });
    expect(line).toMatch(/ {2}…🚀{30}needley{134}…$/u);
    expect(
      matchedLine(placed({ value, headers: [] }), matcher('Order'), { isBold: false }),
    ).toMatch(/ {2}🚀{100}…$/u);
  });

  it('shows less on a narrow terminal, with the match in it', () => {
    const value = bytes(`${'x'.repeat(500)}needle${'y'.repeat(500)}`);
    const shownOn = (columns: number): string =>
      matchedLine(placed({ value, headers: [] }), matcher('needle'), { isBold: false, columns });
    expect(shownOn(80)).toMatch(/ {2}…x{18}needley{36}…$/);
    expect(shownOn(140)).toMatch(/ {2}…x{30}needley{64}…$/);
    expect(shownOn(1000)).toMatch(/ {2}…x{60}needley{134}…$/);
  });

  it('marks what is shown of a match that is longer than that', () => {
    const value = bytes('z'.repeat(1000));
    const line = matchedLine(placed({ value, headers: [] }), matcher('z+', { isRegexp: true }), {
      isBold: true,
    });
    expect(line.endsWith(`\u001b[1m${'z'.repeat(200)}\u001b[22m…`)).toBe(true);
  });

  it('lets nothing act on a terminal', () => {
    const line = matchedLine(
      placed({ key: bytes('\u001b[2J'), value: bytes('a\u009b31m\nneedle\u0007'), headers: [] }),
      matcher('needle'),
      { isBold: false },
    );
    expect(line).not.toMatch(/\p{Cc}/u);
    expect(line).toContain(String.raw`\u001b[2J  a\u009b31m\nneedle\u0007`);
  });

  it('shows bytes that are no text as base64, cut when long', () => {
    const value = new Uint8Array(1000).fill(255);
    expect(matchedLine(placed({ value, headers: [] }), matcher('x'), { isBold: false })).toMatch(
      / {2}base64:\/{200}…$/,
    );
  });

  it('shows what was found in bytes that are no text around it', () => {
    const value = Buffer.concat([
      Buffer.from([0, 0, 0, 0, 7, 200, 12]),
      bytes('needle'),
      Buffer.from([255, 2]),
    ]);
    const shownFor = (pattern: string): string =>
      matchedLine(placed({ value, headers: [] }), matcher(pattern), { isBold: true });
    expect(shownFor('needle')).toContain(
      String.raw`  binary:\u0000\u0000\u0000\u0000\u0007�\u000c` + '\u001b[1mneedle\u001b[22m�',
    );
    expect(shownFor('Order')).toContain(`  base64:${value.toString('base64')}`);
  });
});
