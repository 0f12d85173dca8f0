import { formatTopicPartition } from '@kops/core';
import type { PlannedPartition } from '@kops/transport';

/** So many partitions are named of those that have the same reason. */
const named = 3;

/** Why partitions are captured from their log start, or not at all: a line for each reason. */
export function describeReasons(partitions: readonly PlannedPartition[]): string[] {
  const withReason = partitions.filter(({ reason }) => reason !== '');
  return [...Map.groupBy(withReason, textOf)].map(([text, members]) => {
    const names = members.slice(0, named).map(formatTopicPartition).join(', ');
    const more = members.length - named;
    return `${names}${more > 0 ? ` and ${String(more)} more` : ''}${text}`;
  });
}

const textOf = ({ mode, reason }: PlannedPartition): string =>
  `${mode === 'baseline' ? ' from the log start' : ''}: ${reason}`;
