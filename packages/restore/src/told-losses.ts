import { counted } from '@kops/core';
import { describeLoss, type TopicManifest } from '@kops/archive-format';

const maxTold = 5;

/** What an archive lacks of a topic, which no restore can bring back; undefined where it has all. */
export function toldLosses({ partitions }: Pick<TopicManifest, 'partitions'>): string | undefined {
  const told = partitions.flatMap(({ partition, losses }) =>
    losses.map((loss) => `partition ${String(partition)}: ${describeLoss(loss)}`),
  );
  if (told.length === 0) return undefined;
  const count = counted(told.length, 'loss');
  const rest = told.length > maxTold ? ['…'] : [];
  return `the archive records ${count}: ${[...told.slice(0, maxTold), ...rest].join('; ')}`;
}
