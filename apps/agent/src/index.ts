/**
 * The agent: carries raw record batches from the brokers beside it to the archiver.
 * @module
 */
export { runAgentApp, type AgentSettings } from './agent-app.ts';
