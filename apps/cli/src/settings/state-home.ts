import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Where kops keeps what must survive it, by the XDG Base Directory Specification: relative paths in XDG_STATE_HOME do not count. */
export function stateHome(env: NodeJS.ProcessEnv = process.env): string {
  const home = env['XDG_STATE_HOME'];
  const base = home === undefined || !isAbsolute(home) ? join(homedir(), '.local', 'state') : home;
  return join(base, 'kops');
}

/** Variables that a command needs to find the same state in another shell. */
export function stateVariables(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const home = env['XDG_STATE_HOME'];
  return home === undefined || !isAbsolute(home) ? {} : { XDG_STATE_HOME: home };
}
