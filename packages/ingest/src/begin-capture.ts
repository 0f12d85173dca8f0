import { newArchiveId } from '@kops/archive-format';
import { mapLimit } from '@kops/core';
import { SignsOfLife, thisProcess } from '@kops/object-store/owner';
import { CaptureJournal } from './capture-journal.ts';
import { Heartbeat } from './heartbeat.ts';
import type { BackupContext, PreparedBackup } from './prepare-backup.ts';
import { findLeftovers, noLeftovers, type CaptureSearch, type Leftovers } from './recovery.ts';

/** A capture that has its stores for its own. */
export interface BegunCapture {
  readonly journal: CaptureJournal;
  readonly heartbeat: Heartbeat;
  readonly leftovers: Leftovers;
}

/** Begins a journal and takes the stores. @throws KOPS_HELD when another capture of the cluster has one of them */
export async function beginCapture(
  context: BackupContext,
  { snapshot, startedAtMs }: PreparedBackup,
): Promise<BegunCapture> {
  const { clock, logger, repositories, running } = context;
  const { clusterId: cluster } = snapshot.cluster;
  const stores = repositories.map(({ store }) => store);
  const capture = newArchiveId(clock);
  const owner = await thisProcess();
  running.add(capture);
  let journal: CaptureJournal | undefined;
  let heartbeat: Heartbeat | undefined;
  try {
    journal = await CaptureJournal.begin(stores, { capture, cluster, startedAtMs, owner });
    heartbeat = new Heartbeat({ journal, repositories, clock, logger });
    const search = { capture, running, signs: new SignsOfLife(clock) };
    const leftovers = await takeStores(context, cluster, search);
    await journal.take();
    return { journal, heartbeat, leftovers };
  } catch (error) {
    running.delete(capture);
    await heartbeat?.stop();
    await journal?.remove();
    throw error;
  }
}

/** Owners that only count as dead are fenced first, then what they left is read: they may have gone on until then. */
async function takeStores(
  { clock, repositories }: BackupContext,
  cluster: string,
  search: CaptureSearch,
): Promise<Leftovers> {
  const find = (): Promise<Leftovers[]> =>
    mapLimit(repositories, 1, ({ store }) => findLeftovers(store, cluster, search, clock));
  const found = await find();
  const silent = [...new Set(found.flatMap((leftovers) => leftovers.silent))];
  if (silent.length === 0) return found[0] ?? noLeftovers;
  for (const repository of repositories) await repository.fenceSeries(silent, { cluster });
  const [first = noLeftovers] = await find();
  return first;
}
