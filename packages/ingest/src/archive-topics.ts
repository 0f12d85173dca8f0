import type { DeletedTopic, Manifest } from '@kops/archive-format';
import { isSelected } from '@kops/core';
import type { StartBackup } from '@kops/transport';
import type { CutPartition } from './commit-archive.ts';
import type { PreparedBackup } from './prepare-backup.ts';

/** What the archives of a backup say of its selection, and of topics that have gone. */
export class ArchiveTopics {
  readonly #request: StartBackup;
  readonly #prepared: Pick<PreparedBackup, 'plans' | 'deleted'>;
  /** Topics that the next archive would hold, were they still there. */
  #before: readonly DeletedTopic[];
  #hasBegun: boolean;

  constructor(request: StartBackup, prepared: Pick<PreparedBackup, 'plans' | 'deleted'>) {
    this.#request = request;
    this.#prepared = prepared;
    this.#before = prepared.deleted;
    this.#hasBegun = prepared.plans.length === 0;
  }

  /** For an archive of these partitions. */
  describe(
    partitions: readonly CutPartition[],
  ): Pick<Manifest, 'selection' | 'deletedSinceParent'> {
    const { topics, exclude } = this.#request;
    const { plans } = this.#prepared;
    // Before the backup captures anything it commits what others left.
    const planned = new Set(plans);
    this.#hasBegun ||= partitions.some(({ sink }) => planned.has(sink.plan));
    const names = new Set(partitions.map(({ sink }) => sink.plan.topic.name));
    const gone = [...names].filter((name) => !isSelected(name, { include: topics, exclude }));
    return {
      selection: {
        topics: [...topics],
        exclude: [...exclude],
        gone: gone.sort(),
        leftovers: !this.#hasBegun,
      },
      deletedSinceParent: this.#hasBegun ? this.#before.filter(({ name }) => !names.has(name)) : [],
    };
  }

  /** An archive was committed: what it holds and a later one does not is gone by then. */
  committed(archive: string, partitions: readonly CutPartition[]): void {
    if (!this.#hasBegun) return;
    const held = new Map(
      partitions.map(({ sink: { plan } }) => [plan.topic.name, plan.topic.topicId]),
    );
    this.#before = [...held].map(([name, topicId]) => ({ name, topicId, archive }));
  }
}
