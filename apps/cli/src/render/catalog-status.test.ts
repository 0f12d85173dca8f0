import { describe, expect, it } from 'vitest';
import type { CatalogStatusResult } from '../commands/catalog/status.ts';
import { isUpToDate, renderCatalogStatus, renderIndexerStatus } from './catalog-status.ts';

type Indexer = CatalogStatusResult['indexer'];

const noSegments = { segments: 0, records: 0, topics: [] };

const fine: CatalogStatusResult = {
  server: {
    clusterName: 'search-1',
    serverVersion: '9.4.3',
    indices: [{ kind: 'records', index: 'kops-records-orders-000001', documents: 10, bytes: 2048 }],
  },
  indexer: {
    archives: { committed: 2, indexed: 2, incomplete: 0, waiting: 0 },
    waiting: { segments: 0, records: 0, bytes: 0 },
    lagMs: undefined,
    oldestWaiting: undefined,
    deadLetters: 0,
    failed: [],
    otherRules: { segments: 0, records: 0, topics: [], otherMasks: noSegments },
  },
  topics: [{ cluster: 'c', archive: 'a', topic: 'orders', archived: 10, indexed: 10 }],
};

const withIndexer = (indexer: Partial<Indexer>): CatalogStatusResult => ({
  ...fine,
  indexer: { ...fine.indexer, ...indexer },
});
const withTopics = (...topics: Partial<CatalogStatusResult['topics'][number]>[]) => ({
  ...fine,
  topics: topics.map((topic) => ({ ...fine.topics[0]!, ...topic })),
});
const textOf = (result: CatalogStatusResult): string =>
  renderCatalogStatus(result, '/state/repo').join('\n');

const behind: Partial<Indexer> = {
  archives: { committed: 3, indexed: 2, incomplete: 0, waiting: 1 },
  waiting: { segments: 4, records: 5_000, bytes: 2048 },
  lagMs: 7_380_000,
  oldestWaiting: '20260101t000000z-aaaaaaaa',
};

describe('the status of the catalog', () => {
  it('says first that all is well, and no next step', () => {
    const [first, ...rest] = renderCatalogStatus(fine, '/state/repo');
    expect(first).toBe('Catalog        up to date');
    expect(rest.join('\n')).toMatch(/Lag +none\nDead letters +none\n/);
    expect(rest.join('\n')).not.toContain('Next:');
    expect(isUpToDate(fine)).toBe(true);
  });

  it.each<[string, CatalogStatusResult, string, RegExp]>([
    [
      'lag',
      withIndexer(behind),
      '1 archive to go',
      /Run kops catalog rebuild to index the remaining archives/,
    ],
    [
      'dead letters',
      withIndexer({ deadLetters: 2 }),
      '2 dead letters',
      /each dead letter has the reason/,
    ],
    [
      'gone documents',
      withTopics({ indexed: 7 }),
      '3 records missing',
      /documents that were indexed are missing/,
    ],
    ['too many', withTopics({ indexed: 12 }), '2 records too many', /rebuild --drop/],
    [
      'damage',
      withIndexer({ archives: { committed: 2, indexed: 1, incomplete: 1, waiting: 0 } }),
      '1 damaged archive',
      /Run kops verify to find the damage/,
    ],
  ])('says of %s what it is, and what to do next', (_, result, problem, next) => {
    const lines = renderCatalogStatus(result, '/state/repo');
    expect(lines[0]).toBe(`Catalog        NOT up to date: ${problem}`);
    expect(lines.filter((line) => line.startsWith('Next: ')).join('\n')).toMatch(next);
    expect(isUpToDate(result)).toBe(false);
  });

  it('does not let what one topic has too many hide what another lacks', () => {
    const mixed = withTopics({ topic: 'a', indexed: 8 }, { topic: 'b', indexed: 12 });
    expect(textOf(mixed)).toContain('2 records missing, 2 records too many');
  });

  it('says how far behind it is and where dead letters are', () => {
    const text = textOf(withIndexer({ ...behind, deadLetters: 2 }));
    expect(text).toContain('2 of 3 indexed, 1 to go');
    expect(text).toMatch(
      /Lag +2 h 3 m: 4 segments, 5,000 records, 2\.0 KiB to go, oldest 20260101t000000z-aaaaaaaa/,
    );
    expect(text).toContain('2 records, listed in /state/repo/dead-letters');
  });

  it('shows how values were read where there is a schema registry', () => {
    expect(textOf(fine)).not.toContain('BY SCHEMA');
    const text = textOf(withTopics({ values: { decoded: 7, binary: 3 } }, { topic: 'logs' }));
    expect(text).toMatch(/TOPIC +ARCHIVED +INDEXED +BY SCHEMA +BINARY\n/);
    expect(text).toMatch(/orders +10 +10 +7 +3 +all\nlogs +10 +10 +all/);
  });

  it('tells clusters apart that have a topic of the same name', () => {
    expect(textOf(fine)).not.toContain('CLUSTER');
    const text = textOf(withTopics({ cluster: 'east' }, { cluster: 'west' }));
    expect(text).toMatch(/orders +east[^\n]*\norders +west/);
  });

  it('tells of records by other rules, and takes it for wrong where masks are others', () => {
    const ruled = { segments: 1, records: 7, topics: ['a', 'b', 'c', 'd', 'e', 'f'] };
    const level = withIndexer({ otherRules: { ...ruled, otherMasks: noSegments } });
    expect(isUpToDate(level)).toBe(true);
    expect(textOf(level)).toMatch(
      /Other rules +7 records of a, b, c, d, e and 1 more indexed by earlier rules/,
    );
    expect(textOf(level)).toContain('Next: Run kops catalog rebuild to apply the current rules');
    const masks = withIndexer({ otherRules: { ...ruled, otherMasks: ruled } });
    expect(isUpToDate(masks)).toBe(false);
    expect(textOf(masks)).toContain('NOT up to date: 7 records with other masks');
    expect(textOf(masks)).toContain('masked values are possibly readable in a, b');
  });

  it('without Elasticsearch tells what the indexer knows', () => {
    const text = renderIndexerStatus(withIndexer(behind).indexer, '/state/repo').join('\n');
    expect(text).toMatch(/^Elasticsearch +not reachable/);
    expect(text).toContain('2 of 3 indexed, 1 to go');
    expect(text).not.toContain('up to date');
  });
});
