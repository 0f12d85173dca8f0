import { KopsError } from '@kops/core';
import type { NoticeKind, StartBackup } from '@kops/transport';
import { watchForAgents } from './agent-watch.ts';
import { watchCluster } from './cluster-watch.ts';
import { Outage } from './outage.ts';
import { ThrottleWatch } from './throttle-watch.ts';
import type { BackupContext } from './prepare-backup.ts';

/** How long a snapshot waits for its first agent, and for another when the last one is gone, in ms. */
const agentWaitMs = 30_000;
/** How long a follow that was stopped waits for Kafka, to commit its last archive, in ms. */
const lastCommitMs = 10_000;

/** What {@link BackupWatches} tells its backup. */
export interface WatchEvents {
  readonly onNotice: (kind: NoticeKind, text: string) => void;
  readonly onFailed: (error: KopsError) => void;
}

/** Tells of a cluster and agents that are lost and back, and fails a backup at its limits. */
export class BackupWatches {
  readonly outage: Outage;
  readonly #request: StartBackup;
  readonly #context: Pick<BackupContext, 'clock' | 'registry' | 'kafka'>;
  readonly #events: WatchEvents;
  #stoppedAt = Number.POSITIVE_INFINITY;

  constructor(
    request: StartBackup,
    context: Pick<BackupContext, 'clock' | 'registry' | 'kafka'>,
    events: WatchEvents,
  ) {
    this.#request = request;
    this.#context = context;
    this.#events = events;
    this.outage = new Outage(context.clock, {
      onLost: ({ message }) =>
        events.onNotice('kafka-lost', `Kafka does not answer, retrying: ${message}`),
      onBack: (ms) => events.onNotice('kafka-back', `Kafka answers again after ${inSeconds(ms)}`),
    });
  }

  /** The backup was told to stop; again is harmless. */
  stopping(): void {
    this.#stoppedAt = Math.min(this.#stoppedAt, this.#context.clock.monotonic());
  }

  /** Returns how to end what it starts. */
  start(): () => void {
    const { clock, registry, kafka } = this.#context;
    const { follow, outageLimitMs } = this.#request;
    const { onNotice, onFailed } = this.#events;
    const ended = new AbortController();
    const endAgents = watchForAgents({
      registry,
      clock,
      limitMs: follow ? outageLimitMs : agentWaitMs,
      onLost: () =>
        onNotice('agents-lost', "no agent, waiting for one: start it with 'kops agent'"),
      onBack: () => onNotice('agents-back', 'an agent joined'),
      onGivenUp: onFailed,
    });
    const throttles = new ThrottleWatch(clock, (text) => onNotice('throttled', text));
    const endThrottles = registry.listen({
      onThrottled: (_, throttled) => throttles.add(throttled),
    });
    void watchCluster({
      kafka,
      clock,
      outage: this.outage,
      onAsked: () => this.#check(),
      signal: ended.signal,
    });
    return () => {
      endAgents();
      endThrottles();
      ended.abort();
    };
  }

  /** A snapshot fails by its own calls, a follow here: at the limit that was asked for, or when it was stopped and cannot commit. */
  #check(): void {
    const { lostForMs, error } = this.outage;
    const { follow, outageLimitMs } = this.#request;
    if (!follow || error === undefined) return;
    const stoppedForMs = this.#context.clock.monotonic() - this.#stoppedAt;
    const isStopped = Math.min(lostForMs, stoppedForMs) > lastCommitMs;
    if (!isStopped && lostForMs <= (outageLimitMs ?? Number.POSITIVE_INFINITY)) return;
    const what = isStopped
      ? 'committing the last archive of the follow failed'
      : `the follow stops: Kafka has not answered for the outage limit of ${inSeconds(outageLimitMs ?? 0)}`;
    this.#events.onFailed(
      new KopsError('KOPS_KAFKA_UNREACHABLE', `${what}: ${error.message}`, {
        hint: 'Run the backup again when Kafka answers: it resumes from the durable data.',
        cause: error,
      }),
    );
  }
}

const inSeconds = (ms: number): string => `${String(Math.round(ms / 1000))} s`;
