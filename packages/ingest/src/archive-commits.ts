import { newArchiveId } from '@kops/archive-format';
import { mapLimit } from '@kops/core';
import type { CommittedArchive, StartBackup } from '@kops/transport';
import { ArchiveTopics } from './archive-topics.ts';
import { commitArchive } from './commit-archive.ts';
import type { GenerationCut } from './generation-cut.ts';
import type { BackupContext, PreparedBackup } from './prepare-backup.ts';

const parallelSeals = 8;

/** The archives of one backup, one after the other. */
export class ArchiveCommits {
  /** Segments of this capture that its archives name. */
  readonly named = new Set<string>();
  readonly #series: string;
  readonly #request: StartBackup;
  readonly #context: BackupContext;
  readonly #prepared: PreparedBackup;
  #last: CommittedArchive | undefined;
  #lastShown: string | undefined;
  #generation = 0;
  readonly #topics: ArchiveTopics;

  constructor(
    series: string,
    request: StartBackup,
    context: BackupContext,
    prepared: PreparedBackup,
  ) {
    this.#series = series;
    this.#request = request;
    this.#context = context;
    this.#prepared = prepared;
    this.#topics = new ArchiveTopics(request, prepared);
  }

  get last(): CommittedArchive | undefined {
    return this.#last;
  }

  /** Whether an archive of the cut would show something that the last one does not. */
  isNew(cut: GenerationCut): boolean {
    // Between two lives of its only topic a follow has none.
    if (cut.limits.size === 0 && !this.#request.allowEmpty) return false;
    return cut.shown() !== this.#lastShown;
  }

  /** Seals everything and commits what the cut shows. `startedAtMs` is when what it shows began to be read. */
  async commit(
    cut: GenerationCut,
    startedAtMs = this.#prepared.startedAtMs,
  ): Promise<CommittedArchive> {
    await mapLimit([...cut.limits.keys()], parallelSeals, (sink) => sink.seal());
    const partitions = cut.partitions();
    const { clock, kafka, repositories, kopsVersion } = this.#context;
    const { parents } = this.#prepared;
    const { committed, segments } = await commitArchive({
      kafka,
      repositories,
      snapshot: cut.snapshot,
      archived: this.named,
      partitions,
      identity: {
        archive: newArchiveId(clock),
        series: this.#series,
        kind: this.#request.follow ? 'generation' : 'snapshot',
        generation: this.#generation,
        parent: this.#last?.archive ?? parents.latest?.archive ?? null,
        isolation: this.#request.isolation,
        ...this.#topics.describe(partitions),
        kopsVersion,
        startedAt: new Date(startedAtMs).toISOString(),
        endedAt: new Date(clock.now()).toISOString(),
      },
    });
    this.#generation++;
    for (const { sink, cut: end } of partitions) sink.archived(end, committed.archive);
    for (const key of segments) this.named.add(key);
    this.#topics.committed(committed.archive, partitions);
    this.#last = committed;
    this.#lastShown = cut.shown(partitions);
    return committed;
  }
}
