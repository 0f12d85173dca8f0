/** One Elasticsearch server through any number of deaths and restarts: a process of this machine or a container. */
export interface ServerRuntime {
  readonly kind: 'process' | 'docker';
  /** What the server says, over all its lives. */
  readonly logFile: string;
  readonly dataDirectory: string;
  readonly isRunning: boolean;
  /** Starts the server; it is not ready yet. */
  start(): Promise<void>;
  /** Process id of the server, known once it answers. */
  pid(): Promise<number | undefined>;
  /** Ends the server with SIGTERM, with SIGKILL after `graceMs`. Whether it ended by itself. */
  shutDown(graceMs: number): Promise<boolean>;
  /** Ends the server with SIGKILL. */
  kill(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Kills the server and deletes all it wrote, but for a data directory that was given. */
  discard(): Promise<void>;
}

/** What a runtime needs to know to prepare a server. */
export interface ServerPlan {
  readonly host: string;
  readonly port: number;
  /** Password of the user `elastic`; undefined without security. */
  readonly password: string | undefined;
  readonly heapMegabytes: number;
  readonly jvmArgs: readonly string[];
  readonly threadPoolWriteQueueSize: number | undefined;
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** Where to keep data; in the sandbox's own folder, and deleted, unless given. */
  readonly dataDirectory: string | undefined;
  readonly signal: AbortSignal | undefined;
}
