/**
 * A store in a directory.
 * @module
 */
export { openFileStore } from './file-store.ts';
