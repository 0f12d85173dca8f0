import { describe, expect, it } from 'vitest';
import { selectTopics } from './topic-pattern.ts';

const topics = ['__consumer_offsets', 'orders', 'payments', 'payments-eu'];

describe('topics to exclude', () => {
  it('are left out, by name and glob', () => {
    expect(selectTopics(topics, { include: [], exclude: ['payments*'] })).toEqual(['orders']);
    expect(selectTopics(topics, { include: ['pay*'], exclude: ['orders', 'payments'] })).toEqual([
      'payments-eu',
    ]);
  });

  it.each(['paymets*', 'order', 'PAYMENTS'])('%s is an error, since it matches nothing', (glob) => {
    expect(() => selectTopics(topics, { include: [], exclude: [glob] })).toThrow(
      expect.objectContaining({
        code: 'KOPS_TOPIC_NOT_FOUND',
        message: expect.stringContaining(`'${glob}'`) as unknown,
        hint: expect.stringContaining('--exclude') as unknown,
      }),
    );
  });

  it("may be Kafka's own, which exist once a client needs them", () => {
    expect(selectTopics(['orders'], { include: [], exclude: ['__*'] })).toEqual(['orders']);
  });
});
