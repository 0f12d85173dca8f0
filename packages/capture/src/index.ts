/**
 * The engine of an agent: reads raw batches from the brokers beside it and carries them to the archiver.
 * @module
 */
export { runAgent, type AgentOptions } from './agent.ts';
export { defaultLimits, type CaptureLimits } from './log-cursor.ts';
