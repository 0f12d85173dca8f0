import { findOnPath } from './java.ts';
import { runProcess, type RunOptions, type RunResult } from './run-process.ts';

/** A Docker engine that answers. */
export interface DockerEngine {
  /** The `docker` program. */
  readonly program: string;
  /** Value of DOCKER_HOST to reach this engine; undefined for the program's own default. */
  readonly host: string | undefined;
  readonly serverVersion: string;
  readonly storageDriver: string;
}

/** Where to look for an engine. */
export interface FindDockerOptions {
  /** DOCKER_HOST to ask; the environment's unless given. */
  readonly host?: string;
  readonly signal?: AbortSignal;
}

/** The environment of a process that shall use this engine. */
export function dockerEnv(host: string | undefined): NodeJS.ProcessEnv {
  return host === undefined ? process.env : { ...process.env, DOCKER_HOST: host };
}

/** Finds a Docker engine that answers `docker info`; undefined without program or engine. */
export async function findDocker(
  options: FindDockerOptions = {},
): Promise<DockerEngine | undefined> {
  const program = await findOnPath('docker');
  if (program === undefined) return undefined;
  const result = await runProcess(program, ['info', '--format', '{{.ServerVersion}}|{{.Driver}}'], {
    timeoutMs: 15_000,
    env: dockerEnv(options.host),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  // Without an engine some versions of the program still end with 0 and print empty fields.
  const [serverVersion = '', storageDriver = ''] = result.stdout.trim().split('|');
  if (result.exitCode !== 0 || serverVersion === '') return undefined;
  return { program, host: options.host, serverVersion, storageDriver };
}

/** Runs the `docker` program against an engine, to its end. */
export async function runDocker(
  engine: DockerEngine,
  args: readonly string[],
  options: Omit<RunOptions, 'env'> = {},
): Promise<RunResult> {
  return await runProcess(engine.program, args, { ...options, env: dockerEnv(engine.host) });
}
