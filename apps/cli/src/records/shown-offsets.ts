import { KopsError, type TopicPartition } from '@kops/core';
import type { Archive } from '@kops/repository';

/** Offsets that are asked for. */
export interface OffsetWindow {
  /** The first; the log start unless given. */
  readonly from?: bigint | undefined;
  /** The one after the last; the cut unless given. */
  readonly to?: bigint | undefined;
}

/**
 * The offsets [from, to) of a partition, if the archive shows them all: who asks for what it lacks shall not take less for all.
 * @throws KOPS_USAGE for offsets outside of [log start, cut], and for none; KOPS_TOPIC_NOT_FOUND
 */
export function shownOffsets(
  archive: Archive,
  { topic, partition }: TopicPartition,
  window: OffsetWindow,
): { readonly from: bigint; readonly to: bigint } {
  const { logStart, cut } = archive.partition(topic, partition);
  const { from = logStart, to = cut } = window;
  const shown = `the archive shows ${logStart < cut ? `the offsets ${String(logStart)} to ${String(cut - 1n)}` : 'no offset'} of ${topic}-${String(partition)}`;
  const refuse = (offset: bigint, message: string, hint: string): never => {
    const at = { archive: archive.ref.archive, topic, partition, offset };
    throw new KopsError('KOPS_USAGE', message, { at, hint });
  };
  if (from < logStart || from > cut)
    refuse(
      from,
      `${shown}, not ${String(from)}`,
      `Give a --from-offset from ${String(logStart)} on, or none.`,
    );
  if (to > cut)
    refuse(
      to,
      `${shown}, none before ${String(to)} beyond those`,
      `Give a --to-offset of ${String(cut)} at most, or none.`,
    );
  if (window.to !== undefined && to <= from)
    refuse(
      to,
      `no offset is from ${String(from)} on and before ${String(to)}`,
      'Give a --to-offset behind the first offset: it is the first that is left out.',
    );
  return { from, to };
}
