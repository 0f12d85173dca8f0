/**
 * Who owns what lies in a store or a directory, and whether that process still runs.
 * @module
 */
export {
  processState,
  thisProcess,
  type ProcessIdentity,
  type ProcessState,
} from './process-identity.ts';
export { beatEveryMs, SignsOfLife, silentAfterMs } from './signs-of-life.ts';
