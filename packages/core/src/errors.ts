import { reasonOf } from './reason.ts';

/**
 * The one error type of kops and the closed table of its codes.
 *
 * A code is never reused for another meaning. `exit` is the process exit code of the command line,
 * `grpc` the status name used on the wire, `retryable` whether the same call may succeed later unchanged.
 */
const table = {
  KOPS_UNEXPECTED: { exit: 1, grpc: 'INTERNAL', retryable: false, title: 'Unexpected failure' },
  KOPS_USAGE: { exit: 2, grpc: 'INVALID_ARGUMENT', retryable: false, title: 'Wrong usage' },
  KOPS_CONFIG: {
    exit: 2,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    title: 'Wrong configuration',
  },
  KOPS_ARCHIVE_NOT_FOUND: {
    exit: 10,
    grpc: 'NOT_FOUND',
    retryable: false,
    title: 'Archive not found',
  },
  KOPS_REPOSITORY_NOT_FOUND: {
    exit: 10,
    grpc: 'NOT_FOUND',
    retryable: false,
    title: 'Repository not found',
  },
  KOPS_OBJECT_NOT_FOUND: {
    exit: 10,
    grpc: 'NOT_FOUND',
    retryable: false,
    title: 'Object not found',
  },
  KOPS_TOPIC_NOT_FOUND: { exit: 10, grpc: 'NOT_FOUND', retryable: false, title: 'Topic not found' },
  KOPS_GROUP_NOT_FOUND: {
    exit: 10,
    grpc: 'NOT_FOUND',
    retryable: false,
    title: 'Consumer group not found',
  },
  KOPS_RECORDS_NOT_FOUND: {
    exit: 10,
    grpc: 'NOT_FOUND',
    retryable: false,
    title: 'No such records',
  },
  KOPS_HELD: { exit: 11, grpc: 'ABORTED', retryable: true, title: 'Held by another process' },
  KOPS_FENCED: {
    exit: 11,
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    title: 'Superseded by a newer owner',
  },
  KOPS_REFUSED: { exit: 12, grpc: 'FAILED_PRECONDITION', retryable: false, title: 'Refused' },
  KOPS_FORMAT_UNSUPPORTED: {
    exit: 12,
    grpc: 'UNIMPLEMENTED',
    retryable: false,
    title: 'Format version not supported',
  },
  KOPS_MAGIC_UNSUPPORTED: {
    exit: 12,
    grpc: 'UNIMPLEMENTED',
    retryable: false,
    title: 'Record batch magic not supported',
  },
  KOPS_BATCH_CORRUPT: {
    exit: 20,
    grpc: 'DATA_LOSS',
    retryable: false,
    title: 'Damaged record batch',
  },
  KOPS_OBJECT_CORRUPT: { exit: 20, grpc: 'DATA_LOSS', retryable: false, title: 'Damaged object' },
  KOPS_MANIFEST_INVALID: {
    exit: 20,
    grpc: 'DATA_LOSS',
    retryable: false,
    title: 'Damaged manifest',
  },
  KOPS_OFFSET_MISMATCH: { exit: 20, grpc: 'DATA_LOSS', retryable: false, title: 'Offset mismatch' },
  KOPS_NOTHING_COMPARED: {
    exit: 20,
    grpc: 'DATA_LOSS',
    retryable: false,
    title: 'Nothing was compared',
  },
  KOPS_COMPARISON_FAILED: {
    exit: 20,
    grpc: 'DATA_LOSS',
    retryable: false,
    title: 'Comparison failed',
  },
  KOPS_INCOMPLETE: { exit: 21, grpc: 'DATA_LOSS', retryable: false, title: 'Incomplete' },
  KOPS_OBJECTIVE_MISSED: {
    exit: 22,
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    title: 'Objective missed',
  },
  KOPS_KAFKA_UNREACHABLE: {
    exit: 30,
    grpc: 'UNAVAILABLE',
    retryable: true,
    title: 'Kafka cannot be reached',
  },
  KOPS_ARCHIVER_UNREACHABLE: {
    exit: 30,
    grpc: 'UNAVAILABLE',
    retryable: true,
    title: 'Archiver cannot be reached',
  },
  KOPS_STORAGE_UNREACHABLE: {
    exit: 30,
    grpc: 'UNAVAILABLE',
    retryable: true,
    title: 'Storage cannot be reached',
  },
  KOPS_ELASTICSEARCH_UNREACHABLE: {
    exit: 30,
    grpc: 'UNAVAILABLE',
    retryable: true,
    title: 'Elasticsearch cannot be reached',
  },
  KOPS_ELASTICSEARCH_REFUSED: {
    exit: 30,
    grpc: 'UNAVAILABLE',
    retryable: false,
    title: 'Elasticsearch answered with an error',
  },
  KOPS_ELASTICSEARCH_UNSUPPORTED: {
    exit: 12,
    grpc: 'UNIMPLEMENTED',
    retryable: false,
    title: 'Elasticsearch version not supported',
  },
  KOPS_ELASTICSEARCH_MAPPING: {
    exit: 12,
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    title: 'Index does not fit this release',
  },
  KOPS_KIBANA_UNREACHABLE: {
    exit: 30,
    grpc: 'UNAVAILABLE',
    retryable: true,
    title: 'Kibana cannot be reached',
  },
  KOPS_KIBANA_REFUSED: {
    exit: 30,
    grpc: 'UNAVAILABLE',
    retryable: false,
    title: 'Kibana answered with an error',
  },
  KOPS_SCHEMA_REGISTRY_UNREACHABLE: {
    exit: 30,
    grpc: 'UNAVAILABLE',
    retryable: true,
    title: 'Schema registry cannot be reached',
  },
  KOPS_SANDBOX_UNAVAILABLE: {
    exit: 30,
    grpc: 'UNAVAILABLE',
    retryable: false,
    title: 'No sandbox Kafka available',
  },
  KOPS_KAFKA_PROTOCOL: {
    exit: 30,
    grpc: 'UNAVAILABLE',
    retryable: false,
    title: 'Kafka answered with an error',
  },
  KOPS_ACCESS_DENIED: {
    exit: 31,
    grpc: 'PERMISSION_DENIED',
    retryable: false,
    title: 'Access denied',
  },
  KOPS_NO_SPACE: { exit: 32, grpc: 'RESOURCE_EXHAUSTED', retryable: false, title: 'No space left' },
  KOPS_INTERRUPTED: { exit: 130, grpc: 'CANCELLED', retryable: false, title: 'Interrupted' },
} as const;

/** Stable identifier of a kind of failure. */
export type ErrorCode = keyof typeof table;

/** What a code means to a process, to the wire and to a caller. */
export interface ErrorKind {
  readonly exit: number;
  readonly grpc: string;
  readonly retryable: boolean;
  readonly title: string;
}

/** Every code with its meaning. */
export const errorTable: Readonly<Record<ErrorCode, ErrorKind>> = table;

/** Whether a string is one of the codes of {@link errorTable}. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(table, text);
}

/** Where something happened. Every field is optional; give all that are known. */
export interface Coordinates {
  readonly repository?: string;
  readonly archive?: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: bigint;
  /** Object key of the segment. */
  readonly segment?: string;
  readonly group?: string;
  readonly broker?: string;
  readonly object?: string;
}

/** What {@link KopsError} is made of. */
export interface KopsErrorOptions {
  readonly at?: Coordinates;
  /** What the operator should do next, as one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Failures that came after it, such as those of a clean-up; those of the cause unless given. */
  readonly also?: readonly KopsError[];
}

const brand = Symbol.for('kops.error');

/** Node appends advice to TLS messages that is for those who start Node: no flag of kops. */
const withoutNodeAdvice = (message: string): string =>
  message.replaceAll(
    '; if the root CA is installed locally, try running Node.js with --use-system-ca',
    '',
  );

/** The only error that kops throws on purpose: what, where and what to do next. */
export class KopsError extends Error {
  override readonly name = 'KopsError';
  readonly code: ErrorCode;
  readonly at: Coordinates;
  readonly hint: string | undefined;
  /** Failures that came after it, such as those of a clean-up. */
  readonly also: readonly KopsError[];
  readonly [brand] = true;

  constructor(code: ErrorCode, message: string, options: KopsErrorOptions = {}) {
    super(
      withoutNodeAdvice(message),
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.at = options.at ?? {};
    this.hint = options.hint;
    this.also = options.also ?? laterThan(options.cause);
  }

  get exitCode(): number {
    return table[this.code].exit;
  }

  get retryable(): boolean {
    return table[this.code].retryable;
  }

  /** Whether a value is a KopsError (of the given code); by brand, so that duplicate copies of this package agree. */
  static is(value: unknown, code?: ErrorCode): value is KopsError {
    return (
      typeof value === 'object' &&
      value !== null &&
      (value as Record<symbol, unknown>)[brand] === true &&
      (code === undefined || (value as KopsError).code === code)
    );
  }

  /** The same error with further coordinates; those it already has win. */
  static locate(value: unknown, at: Coordinates): KopsError {
    const error = toKopsError(value);
    return new KopsError(error.code, error.message, {
      at: { ...at, ...error.at },
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    });
  }
}

function laterThan(cause: unknown): readonly KopsError[] {
  const error = firstFailure(cause);
  return KopsError.is(error) ? error.also : [];
}

const systemCodes: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'KOPS_NO_SPACE',
  EDQUOT: 'KOPS_NO_SPACE',
  EACCES: 'KOPS_ACCESS_DENIED',
  EPERM: 'KOPS_ACCESS_DENIED',
  EROFS: 'KOPS_ACCESS_DENIED',
};

/** Turns anything thrown into a KopsError; system errors of disks are recognised, all else is KOPS_UNEXPECTED. */
export function toKopsError(value: unknown): KopsError {
  if (KopsError.is(value)) return value;
  if (value instanceof SuppressedError) return fromSuppressed(value);
  if (!(value instanceof Error)) return new KopsError('KOPS_UNEXPECTED', String(value));
  if (value.name === 'AbortError') {
    return KopsError.is(value.cause)
      ? value.cause
      : new KopsError('KOPS_INTERRUPTED', 'interrupted', { cause: value });
  }
  const system = (value as NodeJS.ErrnoException).code;
  const code = (system === undefined ? undefined : systemCodes[system]) ?? 'KOPS_UNEXPECTED';
  return new KopsError(code, reasonOf(value), { cause: value });
}

/**
 * What `await using` throws when work fails and what it used cannot be closed either: the failure of the work comes first, the others
 * are attached in the order in which they happened.
 */
function fromSuppressed(thrown: SuppressedError): KopsError {
  const [first = thrown, ...later] = inOrder(thrown);
  const error = toKopsError(first);
  return new KopsError(error.code, error.message, {
    at: error.at,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error.cause ?? first,
    also: [...error.also, ...later.map(toKopsError)],
  });
}

/** A clean-up of several things has failures that are nested themselves. */
function inOrder(thrown: unknown): readonly unknown[] {
  return thrown instanceof SuppressedError
    ? [...inOrder(thrown.suppressed), ...inOrder(thrown.error)]
    : [thrown];
}

/** The value, or for one that hides its cause behind a failed clean-up, the cause. */
export function firstFailure(thrown: unknown): unknown {
  return thrown instanceof SuppressedError ? toKopsError(thrown) : thrown;
}

/** Cleans up after a failure. Gives what to throw: the failure, with that of the clean-up attached if it fails, too. */
export async function cleanedUp(
  thrown: unknown,
  cleanUp: () => Promise<unknown>,
): Promise<unknown> {
  try {
    await cleanUp();
    return thrown;
  } catch (later) {
    return toKopsError(new SuppressedError(later, thrown));
  }
}

/** `topic orders, partition 3, offset 42`: the coordinates as people read them; empty when there are none. */
export function formatCoordinates(at: Coordinates): string {
  return Object.entries(at)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
}

/** Plain JSON of an error for logs, reports and the wire. Offsets are decimal strings. */
export function errorToJson(error: KopsError): Record<string, unknown> {
  const at = Object.fromEntries(
    Object.entries(error.at).map(([name, value]) => [
      name,
      typeof value === 'bigint' ? value.toString() : value,
    ]),
  );
  return {
    code: error.code,
    message: error.message,
    at,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.also.length === 0 ? {} : { also: error.also.map(errorToJson) }),
  };
}
