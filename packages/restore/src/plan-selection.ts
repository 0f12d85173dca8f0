import type { Manifest, PartitionManifest, TopicManifest } from '@kops/archive-format';
import { KopsError, selectTopics } from '@kops/core';
import { describeTime } from './describe-time.ts';
import type { ArchiveContents, RestoreOptions } from './plan.ts';

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
  const selected = selectTopics([...byName.keys()], {
    include: options.topics ?? [],
    exclude: options.exclude ?? [],
  });
  const { records } = options;
  const names =
    records === undefined ? selected : selected.filter((name) => records.topics.includes(name));
  const renames = options.renames ?? {};
  for (const from of Object.keys(renames)) {
    if (!names.includes(from)) {
      throw usage(
        `'${from}' is renamed but not restored`,
        'Use --rename FROM=TO with a FROM that --topics selects.',
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
        `'${other}' and '${name}' would both be restored as '${target}'`,
        'Rename one of them to another name.',
      );
    taken.set(target, name);
    return [{ topic, target }];
  });
}

/**
 * Topics without records are restored as they are. A window or a choice of records that leaves none of the records there are is an error:
 * a restore that writes nothing of what was selected must not look like success.
 * @throws KOPS_TOPIC_NOT_FOUND, KOPS_RECORDS_NOT_FOUND
 */
export function requireRecords(
  { archive }: Manifest,
  selected: readonly SelectedTopic[],
  options: RestoreOptions,
  contents: ArchiveContents | undefined,
): void {
  const show = `'kops archives show --archive ${archive}' lists its topics with their records.`;
  if (selected.length === 0) {
    throw new KopsError('KOPS_TOPIC_NOT_FOUND', 'no topic of the archive is selected', {
      at: { archive },
      hint: `Correct --topics and --exclude; to restore an internal topic of Kafka, name it in --topics. ${show}`,
    });
  }
  const { window, records } = options;
  const isNarrowed = window !== undefined || records !== undefined;
  const areEmpty = selected.every(({ topic }) => topic.partitions.every(isEmpty));
  if (!isNarrowed || areEmpty || contents?.hasRecords !== false) return;
  const names = selected.slice(0, 5).map(({ topic }) => `'${topic.name}'`);
  const more =
    selected.length > names.length ? ` and ${String(selected.length - names.length)} more` : '';
  const what = window === undefined ? 'record' : `record ${describeWindow(window)}`;
  throw new KopsError(
    'KOPS_RECORDS_NOT_FOUND',
    `the archive has no ${what} to restore in ${names.join(', ')}${more}; nothing was changed`,
    {
      at: { archive },
      hint: `Correct ${window === undefined ? '--topics' : '--from and --to, or --topics'}. ${show}`,
    },
  );
}

function isEmpty({ logStart, cut, records }: PartitionManifest): boolean {
  return logStart === cut || records === 0;
}

function describeWindow({ from, to }: NonNullable<RestoreOptions['window']>): string {
  return [
    ...(from === undefined ? [] : [`from ${describeTime(from)} on`]),
    ...(to === undefined ? [] : [`before ${describeTime(to)}`]),
  ].join(' and ');
}

/** Refuses options that nothing could satisfy. @throws KOPS_USAGE */
export function checkOptions(options: RestoreOptions): void {
  const { window, records, offsets, groups, replicationFactor } = options;
  if (window?.from !== undefined && window.to !== undefined && window.from >= window.to) {
    throw usage('the time window is empty', 'Use a --from that is before --to.');
  }
  if (window !== undefined && offsets === 'exact') {
    throw usage(
      'a time window omits records, so offsets cannot be exact',
      'Use --offsets mapped, or remove --from and --to.',
    );
  }
  if (records !== undefined && offsets === 'exact') {
    throw usage('selected records omit others, so offsets cannot be exact', 'Use --offsets auto.');
  }
  if (records !== undefined && groups !== 'none') {
    throw usage(
      'offsets of groups cannot be restored when only selected records are restored',
      'Use --groups none.',
    );
  }
  if (
    replicationFactor !== undefined &&
    (!Number.isInteger(replicationFactor) || replicationFactor < 1)
  ) {
    throw usage(
      `not a replication factor: ${String(replicationFactor)}`,
      'Use a whole number of at least 1.',
    );
  }
}

function usage(message: string, hint: string): KopsError {
  return new KopsError('KOPS_USAGE', message, { hint });
}
