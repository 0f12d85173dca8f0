/**
 * What every process of kops needs around its work: configuration, logging, an orderly end, and quantities for people. For apps only.
 * @module
 */
export {
  describeConfig,
  loadConfig,
  secretsOf,
  type ConfigSources,
  type DescribedSetting,
  type LoadedConfig,
} from './config/load-config.ts';
export type { ClusterConfig, Config, StandingBackupConfig, TlsConfig } from './config/schema.ts';
export { renderReference, sampleConfig } from './config/render-reference.ts';
export { nearest } from './config/nearest.ts';
export { connectionOf, type ClusterConnection } from './config/cluster-connection.ts';
export { loadTls, type TlsMaterial } from './config/tls-files.ts';
export { createLogger, type LoggerOptions } from './logging/logger.ts';
export { runUntilStopped, type RunOptions } from './shutdown/run-until-stopped.ts';
export { readChildSettings } from './shutdown/child-settings.ts';
export { wasHungUp, withStopSignal, type StopOptions } from './shutdown/stop-signal.ts';
export {
  formatBytes,
  formatDuration,
  formatRate,
  parseBytes,
  parseDuration,
} from './quantities.ts';
export {
  freeBytesOf,
  makeTemporaryDirectory,
  requireFreeSpace,
  type FreeBytes,
  type SpaceNeed,
  type TemporaryDirectory,
} from './free-space.ts';
