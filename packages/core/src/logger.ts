/** Fields of a log line; the fixed names are archive, topic, partition, offset, segment, code. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Logger that libraries are given. They use it at lifecycle edges only, never in place of an error. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

const ignore = (): void => undefined;

/** Logger that writes nothing. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
