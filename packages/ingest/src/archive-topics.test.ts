import type { StartBackup } from '@kops/transport';
import { expect, it } from 'vitest';
import { partitionPlan, topicSnapshot } from '../test/fixture.ts';
import { ArchiveTopics } from './archive-topics.ts';
import type { CutPartition } from './commit-archive.ts';
import type { PartitionPlan } from './plan-backup.ts';

const planOf = (name: string): PartitionPlan => partitionPlan({ topic: topicSnapshot({ name }) });
const cutOf = (...plans: PartitionPlan[]): CutPartition[] =>
  plans.map((plan) => ({ sink: { plan } })) as unknown as CutPartition[];
const request = { topics: ['o*'], exclude: ['old'] } as unknown as StartBackup;
const old = { name: 'orders-1', topicId: 'ab'.repeat(16), archive: '20260131t235959z-aaaaaaaa' };

it('marks what is committed before the backup itself captures anything as leftovers', () => {
  const plan = planOf('orders');
  const topics = new ArchiveTopics(request, { plans: [plan], deleted: [old] });
  // Of the same partition, but what a dead capture left of it.
  const passed = cutOf(planOf('orders'));
  const selection = { topics: ['o*'], exclude: ['old'], gone: [], leftovers: true };
  expect(topics.describe(passed)).toEqual({ selection, deletedSinceParent: [] });
  topics.committed('20260131t235959z-bbbbbbbb', passed);
  expect(topics.describe(cutOf(plan))).toEqual({
    selection: { ...selection, leftovers: false },
    deletedSinceParent: [old],
  });
});

it('names topics that were taken over besides the selection, and does not call them deleted', () => {
  const plan = planOf('orders');
  const topics = new ArchiveTopics(request, { plans: [plan], deleted: [old] });
  expect(topics.describe(cutOf(plan, planOf('orders-1'), planOf('doomed')))).toEqual({
    selection: { topics: ['o*'], exclude: ['old'], gone: ['doomed'], leftovers: false },
    deletedSinceParent: [],
  });
});

it('tells with the next generation which topics of the last one are gone', () => {
  const [plan, other] = [planOf('orders'), planOf('offers')];
  const topics = new ArchiveTopics(request, { plans: [plan, other], deleted: [old] });
  topics.describe(cutOf(plan, other));
  topics.committed('20260131t235959z-cccccccc', cutOf(plan, other));
  const { topicId } = other.topic;
  expect(topics.describe(cutOf(plan)).deletedSinceParent).toEqual([
    { name: 'offers', topicId, archive: '20260131t235959z-cccccccc' },
  ]);
  topics.committed('20260131t235959z-dddddddd', cutOf(plan));
  expect(topics.describe(cutOf(plan)).deletedSinceParent).toEqual([]);
});
