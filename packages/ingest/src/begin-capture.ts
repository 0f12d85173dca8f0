import { newArchiveId } from '@kops/archive-format';
import { mapLimit } from '@kops/core';
import { CaptureJournal } from './capture-journal.ts';
import { thisProcess } from './owner.ts';
import type { BackupContext, PreparedBackup } from './prepare-backup.ts';
import { findLeftovers, noLeftovers, type Leftovers } from './recovery.ts';

/** A capture that has its stores for its own. */
export interface BegunCapture {
  readonly journal: CaptureJournal;
  readonly leftovers: Leftovers;
}

/** Begins a journal and takes the stores. @throws KOPS_HELD when another capture of the cluster has one of them */
export async function beginCapture(
  { clock, repositories, running }: BackupContext,
  { snapshot, startedAtMs }: PreparedBackup,
): Promise<BegunCapture> {
  const { clusterId: cluster } = snapshot.cluster;
  const stores = repositories.map(({ store }) => store);
  const capture = newArchiveId(clock);
  const owner = await thisProcess();
  running.add(capture);
  let journal: CaptureJournal | undefined;
  try {
    journal = await CaptureJournal.begin(stores, { capture, cluster, startedAtMs, owner });
    const found = await mapLimit(stores, 1, (store) =>
      findLeftovers(store, cluster, { capture, running }, clock),
    );
    await journal.take();
    return { journal, leftovers: found[0] ?? noLeftovers };
  } catch (error) {
    running.delete(capture);
    await journal?.remove();
    throw error;
  }
}
