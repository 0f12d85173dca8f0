/**
 * What a process needs that is told its settings: the parts of the package that load no configuration and not what reads it.
 * @module
 */
export { createLogger } from './logging/logger.ts';
export { readChildSettings } from './shutdown/child-settings.ts';
export { runUntilStopped } from './shutdown/run-until-stopped.ts';
