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
      `Use a --from-offset of at least ${String(logStart)}, or remove it.`,
    );
  if (to > cut)
    refuse(
      to,
      `${shown}, so --to-offset ${String(to)} is too large`,
      `Use a --to-offset of at most ${String(cut)}, or remove it.`,
    );
  if (window.to !== undefined && to <= from)
    refuse(
      to,
      `the offset window from ${String(from)} to ${String(to)} is empty`,
      'Use a --to-offset greater than the first offset: --to-offset is not part of the window.',
    );
  return { from, to };
}
