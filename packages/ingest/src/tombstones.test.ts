import { describe, expect, it } from 'vitest';
import { configs } from '../test/fixture.ts';
import { tombstonesGone } from './tombstones.ts';

const compacted = configs({ 'cleanup.policy': 'compact', 'delete.retention.ms': '1000' });
const deleting = configs({ 'cleanup.policy': 'delete', 'delete.retention.ms': '1000' });

describe('tombstonesGone', () => {
  it.each([
    { what: 'in time', of: [compacted], until: 999, gone: false },
    { what: 'as long as a tombstone lives', of: [compacted], until: 1000, gone: true },
    { what: 'of a topic that is not compacted', of: [deleting], until: 5000, gone: false },
    { what: 'of one that was at some time', of: [deleting, compacted], until: 5000, gone: true },
    {
      what: 'with a retention that was made longer',
      of: [configs({ 'cleanup.policy': 'compact', 'delete.retention.ms': '9000' }), compacted],
      until: 5000,
      gone: true,
    },
    { what: 'of one of which nothing is known', of: [[]], until: 1, gone: true },
    { what: 'while the clock went back', of: [compacted], until: -1, gone: true },
  ])('reading $what: $gone', ({ of, until, gone }) => {
    expect(tombstonesGone(of, 0, until) !== undefined).toBe(gone);
  });

  it('says how long it took', () => {
    expect(tombstonesGone([compacted], 500, 2500)).toContain(
      'the capture took 2000 ms, delete.retention.ms is 1000',
    );
  });
});
