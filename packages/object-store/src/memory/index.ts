/**
 * A store in memory.
 * @module
 */
export { createMemoryStore, type MemoryStoreOptions } from './memory-store.ts';
