import type { Loss, Purge } from '@kops/archive-format';
import type { Offset } from '@kops/core';
import type { PartitionSink } from './partition-sink.ts';
import type { HeldEnd } from './plan-backup.ts';

/** What a log start has passed behind the newest archive of a partition: offsets that no archive holds. */
export function passedLoss(held: HeldEnd | undefined, logStart: Offset): Loss | undefined {
  if (held === undefined || held.end >= logStart) return undefined;
  const { archive, end } = held;
  const detail = `deleted before they were captured: archive ${archive} ends at ${String(end)}, the log starts at ${String(logStart)}`;
  return { from: end, to: logStart, reason: 'retention', detail };
}

/** What an archive says of offsets that it lacks. */
export interface ToldOffsets {
  readonly losses: readonly Loss[];
  /** Deletions that are expected. */
  readonly purges: readonly Purge[];
}

/** Tells losses by retention as purges where they are expected. */
export function splitPurges(
  losses: readonly Loss[],
  { expected, before }: { readonly expected: boolean; readonly before: readonly Purge[] },
): ToldOffsets {
  const isPurge = ({ reason }: Loss): boolean => expected && reason === 'retention';
  return {
    losses: losses.filter((loss) => !isPurge(loss)),
    purges: [
      ...before,
      ...losses.filter(isPurge).map(({ from, to, detail }) => ({ from, to, detail })),
    ],
  };
}

/** The losses of a partition with what its log start has passed. A dead capture may have noted a part of that. */
export function withPassed(losses: readonly Loss[], passed: Loss | undefined): readonly Loss[] {
  if (passed === undefined) return losses;
  const isPart = ({ reason, from, to }: Loss): boolean =>
    reason === passed.reason && from >= passed.from && to <= passed.to;
  return [passed, ...losses.filter((loss) => !isPart(loss))];
}

/** Moves a sink to a log start that has passed its position: what lies between is lost, unless nothing of the partition was archived yet. */
export async function passTo(sink: PartitionSink, logStart: Offset): Promise<void> {
  const { position: from } = sink;
  if (logStart <= from) return;
  if (sink.isEmpty) return sink.skipTo(logStart, logStart);
  const detail = `log start moved to ${String(logStart)} before these offsets were captured`;
  await sink.lose({ from, to: logStart, reason: 'retention', detail });
}
