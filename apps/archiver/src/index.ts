/**
 * The archiver: takes record batches from agents, makes them durable and commits archives.
 * @module
 */
export { runArchiverApp, type ArchiverSettings } from './archiver-app.ts';
export type { StandingBackup } from './standing-backups.ts';
export type { CatalogSettings } from './catalog-feed.ts';
