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
      ? `there is nothing to drill: archive ${manifest.archive} holds no topic`
      : `there is nothing to drill: archive ${manifest.archive} shows no record of ${topics.length === 0 ? 'any topic' : 'the chosen topics'}`,
    {
      at: { archive: manifest.archive },
      hint: `See with 'kops archives show --archive ${manifest.archive}' what it holds, or choose another archive with --archive.`,
    },
  );
}

const mayShowRecords = ({ logStart, cut, records }: PartitionManifest): boolean =>
  cut > logStart && records !== 0;
