/**
 * A place for objects that are written once: the port, and how a repository's place is written.
 * Implementations are at `@kops/object-store/file` and `/memory`; their common tests at `/contract`.
 * @module
 */
export type {
  ByteRange,
  ObjectInfo,
  ObjectStore,
  ObjectWriter,
  StoreCapabilities,
} from './port.ts';
export { parseRepositoryUrl, type RepositoryLocation } from './repository-url.ts';
