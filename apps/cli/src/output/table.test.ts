import { describe, expect, it } from 'vitest';
import { formatPairs, formatTable } from './table.ts';

const columns = [
  { title: 'ARCHIVE' },
  { title: 'CLUSTER', dropped: 2 },
  { title: 'RECORDS', align: 'right' as const },
  { title: 'PARENT', dropped: 1 },
];
const rows = [['20260301-a-rather-long-id', 'MkU3OEVBNTcwNTJENDM2Qg', '1,000', '20260228-b']];

describe('a table', () => {
  it('is whole in a pipe', () => {
    expect(formatTable(columns, rows, undefined)).toEqual([
      'ARCHIVE                    CLUSTER                 RECORDS  PARENT',
      '20260301-a-rather-long-id  MkU3OEVBNTcwNTJENDM2Qg    1,000  20260228-b',
    ]);
  });

  it.each([
    [
      50,
      [
        'ARCHIVE                    RECORDS  PARENT',
        '20260301-a-rather-long-id    1,000  20260228-b',
      ],
    ],
    [40, ['ARCHIVE                    RECORDS', '20260301-a-rather-long-id    1,000']],
    [24, ['ARCHIVE          RECORDS', '20260301-a…g-id    1,000']],
  ])('leaves columns out, then shortens cells, in %i columns', (width, lines) => {
    expect(formatTable(columns, rows, width)).toEqual(lines);
  });

  it('counts no colour as width', () => {
    const green = '\u001b[32mok\u001b[39m';
    expect(formatTable([{ title: 'A' }, { title: 'B' }], [[green, 'x']], 10)[1]).toBe(
      `${green}  x`,
    );
  });
});

describe('pairs', () => {
  it('break between words, under their value', () => {
    expect(
      formatPairs(
        [
          ['Holds', '3 topics, 12 partitions, 5 groups'],
          ['In', '/b'],
        ],
        24,
      ),
    ).toEqual(['Holds  3 topics, 12', '       partitions, 5', '       groups', 'In     /b']);
  });
});
