import type { Clock, KopsError } from '@kops/core';
import type { AgentRegistry } from './agent-registry.ts';

const lookEveryMs = 1_000;
/** An agent that is started anew joins in less, in ms. */
const tellAfterMs = 4_000;

/** What {@link watchForAgents} works with. */
export interface AgentWatch {
  readonly registry: Pick<AgentRegistry, 'agents' | 'lack'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** How long to wait for an agent, in ms; null waits without end. */
  readonly limitMs: number | null;
  readonly onLost: () => void;
  readonly onBack: () => void;
  readonly onGivenUp: (error: KopsError) => void;
}

/** Tells once when an archiver has no agent, once when it has one again, and gives up at the limit. Returns how to end it. */
export function watchForAgents({
  registry,
  clock,
  limitMs,
  onLost,
  onBack,
  onGivenUp,
}: AgentWatch): () => void {
  let since = clock.monotonic();
  let isTold = false;
  const timer = setInterval(() => {
    const now = clock.monotonic();
    if (registry.agents.length > 0) {
      since = now;
      if (isTold) onBack();
      isTold = false;
      return;
    }
    const waitedMs = now - since;
    if (!isTold && waitedMs >= tellAfterMs) {
      isTold = true;
      onLost();
    }
    if (limitMs !== null && waitedMs > limitMs) onGivenUp(registry.lack(limitMs));
  }, lookEveryMs);
  return () => clearInterval(timer);
}
