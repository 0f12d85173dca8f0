import type { Manifest } from '@kops/archive-format';
import { planGroups } from './plan-groups.ts';
import { digestOf } from './plan-json.ts';
import { mappedWarning, warningsOf } from './plan-notes.ts';
import { findRefusals } from './plan-refusals.ts';
import { checkOptions, requireRecords, selectForRestore } from './plan-selection.ts';
import { planTopic } from './plan-topic.ts';
import type { ArchiveContents, RestoreOptions, RestorePlan, TargetFacts } from './plan.ts';

/** True of every restore by produce. */
const neverRestored = [
  'transaction markers, records of aborted or unfinished transactions, and producer state (transactional and idempotent producers start fresh)',
  'leader epochs of the source',
];

const nothingToFill = 'the archive has no records to restore: its topics are created empty';

/**
 * Computes what a restore will do. Pure: the same arguments give the same plan.
 *
 * What forbids its execution stands in `refusals` ({@link assertExecutable} throws it), so that a dry run shows it all.
 *
 * @param contents without it, the plan promises what the manifest alone lets expect
 * @throws KOPS_TOPIC_NOT_FOUND, KOPS_GROUP_NOT_FOUND for names the archive lacks; KOPS_RECORDS_NOT_FOUND for a window or a choice of records that leaves none;
 *   KOPS_USAGE for options that contradict each other.
 */
export function planRestore(
  manifest: Manifest,
  target: TargetFacts,
  options: RestoreOptions = {},
  contents?: ArchiveContents,
): RestorePlan {
  checkOptions(options);
  const selected = selectForRestore(manifest, options);
  requireRecords(manifest, selected, options, contents);
  const parts = selected.map((topic) => planTopic(topic, target, options, contents));
  const topics = parts.map(({ planned }) => planned);
  const { groups, notes } = planGroups(manifest, selected, target, options);
  const plan: Omit<RestorePlan, 'digest'> = {
    archive: manifest.archive,
    sourceCluster: manifest.cluster.id,
    targetCluster: target.clusterId,
    method: 'produce',
    offsets: options.offsets ?? 'auto',
    window: options.window ?? null,
    holdRetention: options.holdRetention ?? false,
    resume: options.resume ?? false,
    topics,
    groups,
    warnings: [
      ...(contents?.hasRecords === false ? [nothingToFill] : []),
      ...warningsOf([...parts.flatMap((part) => part.notes), ...notes]),
      ...mappedWarning(topics),
    ],
    cannotRestore: [...warningsOf(parts.flatMap((part) => part.cannotRestore)), ...neverRestored],
    refusals: findRefusals(topics, target, options),
  };
  return { ...plan, digest: digestOf(intentOf(plan, options)) };
}

/** What is asked for, without what was found on the target: equal for a run and its resumption. */
function intentOf(plan: Omit<RestorePlan, 'digest'>, options: RestoreOptions): unknown {
  const { archive, sourceCluster, targetCluster, method, offsets, window, holdRetention, groups } =
    plan;
  const topics = plan.topics.map(({ source, target, partitionCount, partitions }) => ({
    source,
    target,
    partitionCount,
    partitions: partitions.map(({ partition, sourceStart, sourceEnd, chosen }) => ({
      partition,
      sourceStart,
      sourceEnd,
      chosen,
    })),
  }));
  const replicationFactor = options.replicationFactor ?? null;
  return {
    archive,
    sourceCluster,
    targetCluster,
    method,
    offsets,
    window,
    holdRetention,
    replicationFactor,
    topics,
    groups,
  };
}
