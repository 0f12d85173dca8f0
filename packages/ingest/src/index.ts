/**
 * The engine of an archiver: validates what agents send, makes it durable and commits archives.
 * @module
 */
export { Archiver, type ArchiverOptions } from './archiver.ts';
