import { destination, pino, stdTimeFunctions, type DestinationStream } from 'pino';
import { firstFailure, KopsError, type LogFields, type Logger } from '@kops/core';
import { Redaction } from './redaction.ts';

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  /** Default `info`. */
  readonly level?: 'debug' | 'info' | 'warn' | 'error';
  /** Field `name` of every line: which process it is, e.g. `archiver`. */
  readonly name?: string;
  /** Values that must not appear in any line, besides fields with telling names. */
  readonly secrets?: readonly string[];
  /** Where lines go; stderr by default. */
  readonly stream?: DestinationStream;
}

/** Lines that stderr does not take are kept up to so much, for a disk that is full only for a while. */
const maxUnwrittenBytes = 1024 * 1024;

/** stdout belongs to results. Synchronous, so that the last lines before an exit are there. */
function standardError(): DestinationStream {
  const stream = destination({ fd: 2, sync: true, maxLength: maxUnwrittenBytes });
  // When stderr is closed (the terminal is gone) there is nobody left to tell; the work itself must go on.
  stream.on('error', () => undefined);
  return stream;
}

/** An error's code and coordinates as fields of the line, so that lines are found by them; fields that were given win. */
function spreadError(fields: LogFields): LogFields {
  const error = firstFailure(fields['error']);
  return KopsError.is(error) ? { code: error.code, ...error.at, ...fields, error } : fields;
}

/**
 * A logger of JSON lines: `level` (word), `time` (ISO), `pid`, `name`, `msg` and the fields of the call; the fixed names of those are
 * archive, topic, partition, offset, segment, code, and `error` for what was thrown. Offsets become decimal strings; secrets never appear.
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  const redaction = new Redaction(options.secrets ?? []);
  const lines = pino(
    {
      level: options.level ?? 'info',
      base: { pid: process.pid, ...(options.name === undefined ? {} : { name: options.name }) },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.stream ?? standardError(),
  );
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') => (message: string, fields?: LogFields) => {
      if (!lines.isLevelEnabled(level)) return;
      lines[level](redaction.fields(spreadError(fields ?? {})), redaction.text(message));
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
