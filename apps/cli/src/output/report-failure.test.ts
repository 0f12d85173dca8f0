import { KopsError, toKopsError } from '@kops/core';
import { expect, it } from 'vitest';
import { describeFailure } from './report-failure.ts';

it('tells the first failure, and those of the clean-up after it', () => {
  const first = new KopsError('KOPS_KAFKA_UNREACHABLE', 'no broker answers', { hint: 'Start it.' });
  const left = new KopsError('KOPS_INCOMPLETE', 'topics are left', { hint: 'Delete them.' });
  expect(describeFailure(toKopsError(new SuppressedError(left, first))).split('\n')).toEqual([
    'Error: Kafka cannot be reached: no broker answers',
    'Try:   Start it.',
    'Also:  Incomplete: topics are left. Delete them.',
    'Code:  KOPS_KAFKA_UNREACHABLE (exit 30)',
    '',
  ]);
});
