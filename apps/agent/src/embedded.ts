/**
 * The agent as a child process: settings come as one line of JSON on standard input, whose end means that the parent is gone.
 * @module
 */
import { createLogger, readChildSettings, runUntilStopped } from '@kops/service/process';
import { runAgentApp, type AgentSettings } from './agent-app.ts';

const settings = await readChildSettings<
  AgentSettings & { readonly logLevel: 'debug' | 'info' | 'warn' | 'error' }
>(process.stdin);
const logger = createLogger({ level: settings.logLevel });
await runUntilStopped((signal) => runAgentApp(settings, signal, logger), {
  logger,
  parent: process.stdin,
  // The parent is told of it, and tells this process.
  hangup: () => undefined,
});
