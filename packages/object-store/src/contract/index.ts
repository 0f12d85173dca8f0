/**
 * What every implementation of the object store must do, as vitest cases.
 *
 * ```ts
 * describeObjectStore('memory', () => Promise.resolve({ store: createMemoryStore() }));
 * ```
 * @module
 */
export { describeObjectStore, type StoreFixture } from './describe-object-store.ts';
