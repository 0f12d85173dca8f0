import type { PartitionSink } from './partition-sink.ts';
import type { SessionEnd, StreamSession } from './stream-session.ts';

interface Entry {
  readonly session: StreamSession;
  /** Resolves when it and all before it have let go of the sink. */
  readonly ended: Promise<unknown>;
}

/** The streams of a backup that run, one at a time for each sink. */
export class SinkSessions {
  readonly #newest = new Map<PartitionSink, Entry>();

  get size(): number {
    return this.#newest.size;
  }

  /** Acknowledges a sink's watermark on its stream, if it has one. */
  acknowledge(sink: PartitionSink): void {
    this.#newest.get(sink)?.session.acknowledge();
  }

  /** Resolves when no stream writes to the sink any more; whoever fences them first makes this final. */
  async ended(sink: PartitionSink): Promise<void> {
    await this.#newest.get(sink)?.ended;
  }

  /**
   * Runs a session once the one before it has ended: one that was fenced may still be writing, and the new one begins where it has ended.
   * @param check throws when the session is not wanted any more after that wait
   */
  async run(sink: PartitionSink, session: StreamSession, check: () => void): Promise<SessionEnd> {
    const before = this.#newest.get(sink)?.ended;
    const ended = Promise.withResolvers<void>();
    this.#newest.set(sink, { session, ended: Promise.all([before, ended.promise]) });
    try {
      await before;
      check();
      return await session.run();
    } finally {
      ended.resolve();
      if (this.#newest.get(sink)?.session === session) this.#newest.delete(sink);
    }
  }
}
