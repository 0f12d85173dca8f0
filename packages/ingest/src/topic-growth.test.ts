import { describe, expect, it } from 'vitest';
import { compareTopics, type KnownTopic, type SeenTopic } from './topic-growth.ts';

const known = (name: string, fields: Partial<KnownTopic> = {}): KnownTopic => ({
  name,
  topicId: `id of ${name}`,
  partitions: new Set([0]),
  ended: false,
  ...fields,
});
const seen = (name: string, fields: Partial<SeenTopic> = {}): SeenTopic => ({
  name,
  topicId: `id of ${name}`,
  partitions: [0],
  ...fields,
});
const all = { include: [], exclude: [] };
const none = { added: [], grown: [], deleted: [], recreated: [] };

describe('compareTopics', () => {
  it('finds nothing where nothing has changed', () => {
    expect(compareTopics([known('a')], [seen('a')], all, new Set())).toEqual(none);
  });

  it.each([
    { selection: all, added: ['ab', 'b'] },
    { selection: { include: ['a*'], exclude: [] }, added: ['ab'] },
    { selection: { include: ['b', 'missing'], exclude: [] }, added: ['b'] },
    { selection: { include: [], exclude: ['?b'] }, added: ['b'] },
    { selection: { include: ['__consumer_offsets'], exclude: [] }, added: ['__consumer_offsets'] },
  ])('adds what $selection means', ({ selection, added }) => {
    const topics = ['__consumer_offsets', 'a', 'ab', 'b'].map((name) => seen(name));
    expect(compareTopics([known('a')], topics, selection, new Set())).toEqual({ ...none, added });
  });

  it('waits for a topic that has no partition with a leader yet', () => {
    expect(compareTopics([], [seen('a', { partitions: [] })], all, new Set())).toEqual(none);
  });

  it('finds new partitions', () => {
    const topics = [seen('a', { partitions: [0, 1, 2] })];
    expect(compareTopics([known('a')], topics, all, new Set()).grown).toEqual(['a']);
  });

  it('tells deleted topics once, and those that came again', () => {
    expect(compareTopics([known('a')], [], all, new Set()).deleted).toEqual([known('a')]);
    const ended = known('a', { ended: true });
    expect(compareTopics([ended], [], all, new Set())).toEqual(none);
    const reborn = seen('a', { topicId: 'another' });
    for (const one of [known('a'), ended])
      expect(compareTopics([one], [reborn], all, new Set())).toEqual({ ...none, recreated: [one] });
  });

  it('never takes up a life again that another has taken the place of', () => {
    const stale = seen('a', { topicId: 'old' });
    const now = known('a', { topicId: 'new' });
    expect(compareTopics([now], [stale], all, new Set(['old']))).toEqual(none);
    expect(compareTopics([], [stale], all, new Set(['old']))).toEqual(none);
  });
});
