/**
 * What every package of kops speaks: errors, coordinates, time, bounds. No dependencies, no I/O.
 * @module
 */
export {
  KopsError,
  cleanedUp,
  errorTable,
  errorToJson,
  firstFailure,
  formatCoordinates,
  isErrorCode,
  toKopsError,
  type Coordinates,
  type ErrorCode,
  type ErrorKind,
  type KopsErrorOptions,
} from './errors.ts';
export {
  formatTopicPartition,
  isTopicId,
  zeroTopicId,
  type Offset,
  type TopicId,
  type TopicPartition,
} from './topic-partition.ts';
export { silentLogger, type LogFields, type Logger } from './logger.ts';
export { counted, formatCount } from './counted.ts';
export { systemClock, type Clock } from './clock.ts';
export { throwIfAborted, withDeadline, type DeadlineOptions } from './deadline.ts';
export { reasonOf } from './reason.ts';
export { retry, type RetryContext, type RetryPolicy } from './retry.ts';
export { Semaphore, mapLimit } from './semaphore.ts';
export {
  internalTopics,
  containsGlob,
  isGlob,
  isSelected,
  matchesGlob,
  selectTopics,
  type NameSelection,
} from './topic-pattern.ts';
