import type { Manifest, TopicManifest } from '@kops/archive-format';
import { KopsError, selectTopics } from '@kops/core';
import type { RestoreOptions } from './plan.ts';

/** A topic of the archive and the name it gets. */
export interface SelectedTopic {
  readonly topic: TopicManifest;
  readonly target: string;
}

/**
 * The topics to restore, sorted by source name.
 * @throws KOPS_TOPIC_NOT_FOUND for a name or glob without a topic; KOPS_USAGE for renames that cannot be meant.
 */
export function selectForRestore(manifest: Manifest, options: RestoreOptions): SelectedTopic[] {
  const byName = new Map(manifest.topics.map((topic) => [topic.name, topic]));
  const names = selectTopics([...byName.keys()], {
    include: options.topics ?? [],
    exclude: options.exclude ?? [],
  });
  const renames = options.renames ?? {};
  for (const from of Object.keys(renames)) {
    if (!names.includes(from)) {
      throw usage(
        `'${from}' is renamed but not restored`,
        'Name the topic of the archive on the left of --rename, and select it.',
      );
    }
  }
  const taken = new Map<string, string>();
  return names.flatMap((name) => {
    const topic = byName.get(name);
    if (topic === undefined) return [];
    const target = Object.hasOwn(renames, name) ? (renames[name] ?? name) : name;
    const other = taken.get(target);
    if (other !== undefined)
      throw usage(
        `'${other}' and '${name}' would both become '${target}'`,
        'Rename one of them to another name.',
      );
    taken.set(target, name);
    return [{ topic, target }];
  });
}

/** Refuses options that nothing could satisfy. @throws KOPS_USAGE */
export function checkOptions(options: RestoreOptions): void {
  const { window, offsets, replicationFactor } = options;
  if (window?.from !== undefined && window.to !== undefined && window.from >= window.to) {
    throw usage('the time window is empty', 'Give a --from that lies before --to.');
  }
  if (window !== undefined && offsets === 'exact') {
    throw usage(
      'a time window leaves records out, so that offsets cannot be exact',
      'Use --offsets mapped or drop the window.',
    );
  }
  if (
    replicationFactor !== undefined &&
    (!Number.isInteger(replicationFactor) || replicationFactor < 1)
  ) {
    throw usage(
      `no replication factor: ${String(replicationFactor)}`,
      'Give a whole number of at least 1.',
    );
  }
}

function usage(message: string, hint: string): KopsError {
  return new KopsError('KOPS_USAGE', message, { hint });
}
