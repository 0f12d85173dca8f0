import type { PartitionManifest } from '@kops/archive-format';
import { KopsError, selectTopics } from '@kops/core';
import type { DrillOptions } from './drill-options.ts';

/**
 * Finds out before a Kafka is started that there would be nothing to compare.
 * @throws KOPS_TOPIC_NOT_FOUND for a topic that the archive lacks; KOPS_NOTHING_COMPARED when it shows no record of the chosen topics
 */
export function requireContents({
  archive,
  topics = [],
}: Pick<DrillOptions, 'archive' | 'topics'>): void {
  const { manifest } = archive;
  const names = selectTopics(
    manifest.topics.map(({ name }) => name),
    { include: topics, exclude: [] },
  );
  const chosen = manifest.topics.filter(({ name }) => names.includes(name));
  if (chosen.some(({ partitions }) => partitions.some(mayShowRecords))) return;
  throw new KopsError(
    'KOPS_NOTHING_COMPARED',
    chosen.length === 0
      ? `nothing to drill: archive ${manifest.archive} has no topics`
      : `nothing to drill: archive ${manifest.archive} has no records of ${topics.length === 0 ? 'any topic' : 'the selected topics'}`,
    {
      at: { archive: manifest.archive },
      hint: `Use another archive with --archive; 'kops archives show --archive ${manifest.archive}' shows what this one contains.`,
    },
  );
}

const mayShowRecords = ({ logStart, cut, records }: PartitionManifest): boolean =>
  cut > logStart && records !== 0;
