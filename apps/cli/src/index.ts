/**
 * The command line `kops`.
 * @module
 */
export { commands } from './commands.ts';
