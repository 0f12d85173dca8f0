import { containsGlob, isGlob, isSelected } from '@kops/core';
import type { SelectedTopics } from './schema.ts';

/** All topics of a cluster. */
export const wholeCluster: SelectedTopics = {
  topics: [],
  exclude: [],
  gone: [],
  leftovers: false,
};

/** Whether an archive is of all topics of its cluster. What was excluded on purpose does not count. */
export function isOfWholeCluster({ topics, leftovers }: SelectedTopics): boolean {
  return !leftovers && (topics.length === 0 || topics.includes('*'));
}

/**
 * Whether an archive is of all topics that a name or glob means. A name must be none that was excluded; of a glob, topics may have been excluded,
 * but not all.
 */
export function coversTopics(selection: SelectedTopics, pattern: string): boolean {
  const { topics, exclude, gone, leftovers } = selection;
  if (leftovers) return false;
  if (!isGlob(pattern))
    return isSelected(pattern, { include: topics, exclude }) || gone.includes(pattern);
  return includesGlob(selection, pattern) && !exclude.some((glob) => containsGlob(glob, pattern));
}

/** Whether an archive is of all topics that another one is of, not counting what was excluded. */
export function coversSelection(selection: SelectedTopics, other: SelectedTopics): boolean {
  if (isOfWholeCluster(selection)) return true;
  return !isOfWholeCluster(other) && other.topics.every((glob) => includesGlob(selection, glob));
}

const includesGlob = (selection: SelectedTopics, pattern: string): boolean =>
  isOfWholeCluster(selection) || selection.topics.some((glob) => containsGlob(glob, pattern));

/** Which topics an archive is of, by the first few patterns in the flags of the backup; empty for the whole cluster. */
export function describeSelection({ topics, exclude, leftovers }: SelectedTopics): string {
  if (leftovers) return 'data of interrupted backups';
  return [
    ...(topics.length === 0 ? [] : [`--topics ${listed(topics)}`]),
    ...(exclude.length === 0 ? [] : [`--exclude ${listed(exclude)}`]),
  ].join(' ');
}

const maxListed = 5;

function listed(patterns: readonly string[]): string {
  const rest = patterns.length - maxListed;
  return `${patterns.slice(0, maxListed).join(',')}${rest > 0 ? ` and ${String(rest)} more` : ''}`;
}
