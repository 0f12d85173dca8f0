/**
 * The archiver as a child process: settings come as one line of JSON on standard input, whose end means that the parent is gone;
 * the address it listens on goes as one line of JSON to standard output.
 * @module
 */
import { createLogger, readChildSettings, runUntilStopped } from '@kops/service/process';
import { runArchiverApp, type ArchiverSettings } from './archiver-app.ts';

const settings = await readChildSettings<
  ArchiverSettings & { readonly logLevel: 'debug' | 'info' | 'warn' | 'error' }
>(process.stdin);
const logger = createLogger({ level: settings.logLevel });
const announce = (address: string): void => {
  process.stdout.write(`${JSON.stringify({ address })}\n`);
};
await runUntilStopped((signal) => runArchiverApp(settings, signal, logger, announce), {
  logger,
  parent: process.stdin,
  // The parent is told of it, and tells this process.
  hangup: () => undefined,
});
