import { stripVTControlCharacters } from 'node:util';
import type { RecordHit, SearchPage } from '@kops/catalog';
import { counted, formatCount } from '@kops/core';
import { formatTable } from '../output/table.ts';
import type { TerminalView } from '../output/terminal-view.ts';
import { showHit, showMarks, type ShownHit } from '../search/hit-line.ts';

/** A page of hits for people: a table, or two lines a hit where the terminal is too narrow for one. */
export function renderSearchPage(page: SearchPage, view: TerminalView): string[] {
  const { hits, total, isTotalExact, next } = page;
  const { isBold, columns = Number.POSITIVE_INFINITY } = view;
  const table = formatTable(
    [
      { title: 'ARCHIVE' },
      { title: 'TOPIC' },
      { title: 'PARTITION', align: 'right' },
      { title: 'OFFSET', align: 'right' },
      { title: 'TIME' },
      { title: 'KEY' },
      { title: 'RECORD' },
    ],
    hits.map((hit) => cellsOf(showHit(hit)).map((cell) => showMarks(cell, isBold))),
    Number.POSITIVE_INFINITY,
  );
  const isNarrow = table.some((line) => stripVTControlCharacters(line).length > columns);
  const all = `${isTotalExact ? '' : 'at least '}${counted(total, 'record')}`;
  return [
    ...(isNarrow ? narrowLines(hits, columns, isBold) : table),
    '',
    `${formatCount(hits.length)} of ${all}${next === undefined ? '' : `; more with --next ${next}`}`,
  ];
}

const cellsOf = (shown: ShownHit): string[] => [
  shown.archive,
  shown.topic,
  shown.partition,
  shown.offset,
  shown.time,
  shown.key,
  shown.record,
];

const indent = '    ';
/** Fewer characters of a record say nothing; the terminal then breaks the line. */
const fewest = 30;

/** Where the record is, below that how it reads; the archive above those that were indexed from it. */
function narrowLines(hits: readonly RecordHit[], columns: number, isBold: boolean): string[] {
  const record = Math.max(fewest, columns - indent.length - '…header …'.length);
  let archive: string | undefined;
  return hits.flatMap((hit) => {
    const place = showHit(hit, { key: 0, record: 0 });
    const before = `${place.topic}-${place.partition}  ${place.offset}  ${place.time}  `;
    const key = Math.max(fewest, columns - before.length - 1);
    const shown = showHit(hit, { key, record });
    const lines = [
      ...(shown.archive === archive ? [] : [`Archive ${shown.archive}`]),
      `${before}${showMarks(shown.key, isBold)}`.trimEnd(),
      ...(shown.record === '' ? [] : [`${indent}${showMarks(shown.record, isBold)}`]),
    ];
    ({ archive } = shown);
    return lines;
  });
}
