import { KopsError, silentLogger, type Logger } from '@kops/core';
import type { AgentEvent, Assignment, Duplex, Throttled } from '@kops/transport';

/** Heartbeats: sent every so often, and dead without one for so long (CAPTURE.md). In ms. */
export const heartbeat = { intervalMs: 2_000, deadAfterMs: 6_000 } as const;

/** An agent that has joined. */
export interface JoinedAgent {
  readonly agentId: string;
  readonly host: string;
  readonly rack: string;
  readonly brokerIds: ReadonlySet<number>;
  readonly capacity: number;
  /** Tells the agent something; a failure counts as its death. */
  tell(assignment: Assignment): void;
}

/** Called with what happens to agents. */
export interface AgentListener {
  onJoined?(agent: JoinedAgent): void;
  onLeft?(agent: JoinedAgent, reason: string): void;
  onPartitionFailed?(agent: JoinedAgent, failure: AgentEvent & { type: 'failed' }): void;
  onThrottled?(agent: JoinedAgent, throttled: Throttled): void;
}

/** Keeps track of the agents that are alive. */
export class AgentRegistry {
  readonly #agents = new Map<string, JoinedAgent>();
  readonly #listeners = new Set<AgentListener>();
  readonly #logger: Logger;
  #lastRefusal: KopsError | undefined;

  constructor(logger: Logger = silentLogger) {
    this.#logger = logger;
  }

  get agents(): readonly JoinedAgent[] {
    return [...this.#agents.values()];
  }

  /** Takes note of an agent that was not let in. */
  refused(error: KopsError): void {
    this.#lastRefusal = error;
  }

  /** Why there is no agent. */
  lack(waitedMs: number): KopsError {
    const refusal = this.#lastRefusal;
    const text = `no agent has joined for ${String(waitedMs / 1000)} s`;
    if (refusal === undefined)
      return new KopsError('KOPS_ARCHIVER_UNREACHABLE', text, {
        hint: "Start an agent with 'kops agent' and check that it can connect to this archiver.",
      });
    return new KopsError(
      refusal.code,
      `${text}; the archiver rejected the last one: ${refusal.message}`,
      {
        ...(refusal.hint === undefined ? {} : { hint: refusal.hint }),
      },
    );
  }

  listen(listener: AgentListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Serves one Join stream until the agent leaves or falls silent. */
  async serve(duplex: Duplex<AgentEvent, Assignment>): Promise<void> {
    let silence: NodeJS.Timeout | undefined;
    const heard = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => {
        duplex.abort(
          new KopsError(
            'KOPS_ARCHIVER_UNREACHABLE',
            `no heartbeat for ${String(heartbeat.deadAfterMs)} ms`,
          ),
        );
      }, heartbeat.deadAfterMs);
    };
    let agent: JoinedAgent | undefined;
    let reason = 'it disconnected';
    heard();
    try {
      for await (const event of duplex.incoming) {
        heard();
        if (event.type === 'hello') agent = await this.#join(event, duplex);
        else if (agent !== undefined) this.#tell(agent, event);
      }
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    } finally {
      clearTimeout(silence);
      if (agent !== undefined) this.#leave(agent, reason);
    }
  }

  async #join(
    hello: AgentEvent & { type: 'hello' },
    duplex: Duplex<AgentEvent, Assignment>,
  ): Promise<JoinedAgent> {
    const agent: JoinedAgent = {
      agentId: hello.agentId,
      host: hello.host,
      rack: hello.rack,
      brokerIds: new Set(hello.brokerIds),
      capacity: hello.capacity,
      tell: (assignment) => {
        duplex
          .send(assignment)
          .catch((error: unknown) => duplex.abort(KopsError.locate(error, {})));
      },
    };
    this.#lastRefusal = undefined;
    const before = this.#agents.get(agent.agentId);
    if (before !== undefined) this.#leave(before, 'it rejoined');
    await duplex.send({
      type: 'welcome',
      heartbeatIntervalMs: heartbeat.intervalMs,
      deadAfterMs: heartbeat.deadAfterMs,
    });
    this.#agents.set(agent.agentId, agent);
    this.#logger.info('an agent joined', { agent: agent.agentId, host: agent.host });
    for (const listener of this.#listeners) listener.onJoined?.(agent);
    return agent;
  }

  #leave(agent: JoinedAgent, reason: string): void {
    if (this.#agents.get(agent.agentId) !== agent) return;
    this.#agents.delete(agent.agentId);
    this.#logger.info('an agent left', { agent: agent.agentId, host: agent.host, reason });
    for (const listener of this.#listeners) listener.onLeft?.(agent, reason);
  }

  #tell(agent: JoinedAgent, event: AgentEvent & { type: 'failed' | 'heartbeat' }): void {
    for (const listener of this.#listeners) {
      if (event.type === 'failed') listener.onPartitionFailed?.(agent, event);
      else if (event.throttled !== null) listener.onThrottled?.(agent, event.throttled);
    }
  }
}
