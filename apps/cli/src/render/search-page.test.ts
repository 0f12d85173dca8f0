import { stripVTControlCharacters } from 'node:util';
import type { RecordHit, SearchPage } from '@kops/catalog';
import { describe, expect, it } from 'vitest';
import { marks } from '../search/hit-line.ts';
import { renderSearchPage } from './search-page.ts';

const { before, after } = marks;

const hitOf = (offset: bigint, archive: string, message: string): RecordHit => ({
  cluster: 'c',
  topicId: 'ab'.repeat(16),
  topic: 'orders',
  partition: 2,
  offset,
  timestamp: 1_772_000_000_000n,
  lineage: 'l',
  archive,
  segment: 's',
  fields: { message: message.replaceAll(/[\uE000\uE001]/g, ''), kafka: { key: `order-${offset}` } },
  highlights: message.includes(before)
    ? { message: [message], 'kafka.key': [`${before}order-${offset}${after}`] }
    : {},
});

const page: SearchPage = {
  hits: [
    hitOf(41n, '20260101t000000z-aaaaaaaa', `${before}paid${after} ${'x'.repeat(200)}`),
    hitOf(4_100n, '20260101t000000z-aaaaaaaa', 'open'),
    hitOf(7n, '20260102t000000z-bbbbbbbb', 'open'),
  ],
  total: 3,
  isTotalExact: true,
  next: undefined,
};

describe('a page of hits', () => {
  it('is a table, whose columns stand under each other whether or not matches are bold', () => {
    const plain = renderSearchPage(page, { isBold: false, columns: undefined });
    expect(plain[0]).toMatch(/^ARCHIVE +TOPIC +PARTITION +OFFSET +TIME +KEY +RECORD$/);
    const bold = renderSearchPage(page, { isBold: true, columns: 200 });
    expect(bold.join('\n')).toContain('\u001b[1mpaid\u001b[22m');
    expect(bold.map((line) => stripVTControlCharacters(line))).toEqual(plain);
    const at = plain[0]?.indexOf('RECORD') ?? -1;
    expect(plain.slice(2, 4).map((line) => line.slice(at))).toEqual(['open', 'open']);
  });

  it('takes two lines a hit where the terminal is narrow, none of them too long', () => {
    const lines = renderSearchPage(page, { isBold: false, columns: 80 });
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(lines).toEqual([
      'Archive 20260101t000000z-aaaaaaaa',
      'orders-2  41  2026-02-25T06:13:20.000Z  order-41',
      expect.stringMatching(/^ {4}paid x+…$/),
      'orders-2  4100  2026-02-25T06:13:20.000Z  order-4100',
      '    open',
      'Archive 20260102t000000z-bbbbbbbb',
      'orders-2  7  2026-02-25T06:13:20.000Z  order-7',
      '    open',
      '',
      '3 of 3 records',
    ]);
  });

  it('says how to go on', () => {
    const more = { ...page, total: 10_000, isTotalExact: false, next: 'abc' };
    expect(renderSearchPage(more, { isBold: false, columns: undefined }).at(-1)).toBe(
      '3 of at least 10,000 records; more with --next abc',
    );
  });
});
