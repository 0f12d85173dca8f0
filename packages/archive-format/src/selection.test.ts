import { describe, expect, it } from 'vitest';
import type { SelectedTopics } from './schema.ts';
import { coversSelection, coversTopics, describeSelection, wholeCluster } from './selection.ts';

const of = (topics: string[], fields: Partial<SelectedTopics> = {}): SelectedTopics => ({
  ...wholeCluster,
  topics,
  ...fields,
});

describe('an archive covers topics', () => {
  it.each<[string, SelectedTopics, string, boolean]>([
    ['any name, of the whole cluster', of([]), 'orders', true],
    ['no internal topic that was not named', of([]), '__consumer_offsets', false],
    ['an internal topic that was named', of(['__consumer_offsets']), '__consumer_offsets', true],
    ['a name of its globs', of(['pay*']), 'payments', true],
    ['no other name', of(['pay*']), 'orders', false],
    ['no name that was excluded', of([], { exclude: ['tmp*'] }), 'tmp-1', false],
    ['no glob that was excluded', of([], { exclude: ['tmp*'] }), 'tmp-*', false],
    ['a glob of which only some were excluded', of([], { exclude: ['tmp*'] }), '*', true],
    ['a narrower glob', of(['pay*']), 'payments-?', true],
    ['no wider glob', of(['payments*']), 'pay*', false],
    ['no glob that begins alike', of(['pay?']), 'pay*', false],
    ['no glob that may mean nothing more', of(['pay?*']), 'pay*', false],
    ['what was taken over of a topic that is gone', of(['a'], { gone: ['b'] }), 'b', true],
    ['nothing, when it holds only leftovers', of([], { leftovers: true }), 'orders', false],
  ])('%s', (_what, selection, pattern, covered) => {
    expect(coversTopics(selection, pattern)).toBe(covered);
  });
});

it('compares what archives are of without what they exclude', () => {
  const nightly = of([], { exclude: ['tmp*'] });
  expect(coversSelection(nightly, of([]))).toBe(true);
  expect(coversSelection(of(['orders', 'pay*']), of(['payments']))).toBe(true);
  expect(coversSelection(of(['payments']), of(['orders', 'pay*']))).toBe(false);
  expect(coversSelection(of(['*']), nightly)).toBe(true);
});

it('is described by the flags of the backup', () => {
  expect(describeSelection(of([]))).toBe('');
  expect(describeSelection(of([...'abcdefg']))).toBe('--topics a,b,c,d,e and 2 more');
  expect(describeSelection(of(['a', 'b*'], { exclude: ['bc'] }))).toBe(
    '--topics a,b* --exclude bc',
  );
});
