import { describeLoss } from '@kops/archive-format';
import { counted, formatTopicPartition, type TopicPartition } from '@kops/core';
import type { Archive } from '@kops/repository';
import type { OffsetWindow } from './shown-offsets.ts';

const maxNotes = 20;

/** Lines for stderr on what is missing of partitions that are read, so that nobody takes the records for all there were. */
export function lossNotes(
  archive: Archive,
  partitions: readonly TopicPartition[],
  { from, to }: OffsetWindow = {},
): string[] {
  const notes = partitions.flatMap(({ topic, partition }) =>
    archive
      .partition(topic, partition)
      // What a truncation took away was replaced: those offsets have other records.
      .losses.filter(({ reason }) => reason !== 'truncation')
      .filter((loss) => to === undefined || loss.from < to)
      .filter((loss) => from === undefined || loss.to > from || loss.from === loss.to)
      .map((loss) => `${formatTopicPartition({ topic, partition })}: ${describeLoss(loss)}`),
  );
  const left = notes.length - maxNotes;
  return [
    ...notes.slice(0, maxNotes),
    ...(left > 0
      ? [`… and ${counted(left, 'more loss')}: kops archives show --archive ${archive.ref.archive}`]
      : []),
  ].map((note) => `Note: ${note}`);
}
