import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root folder of the workspace. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const NEEDED_MAJOR = 24;
const binaries = join(root, 'node_modules', '.bin');

/**
 * Environment of every step. `node_modules/.bin` comes first, so that `node`, and every tool that is started through it,
 * is the pinned Node 24, and no tool comes from elsewhere.
 */
export function stepEnvironment() {
  return {
    ...process.env,
    PATH: `${binaries}${delimiter}${process.env.PATH ?? ''}`,
    NX_DAEMON: 'false', // A daemon would outlive the command.
    NX_TUI: 'false',
  };
}

/** Ends the command with one clear line where neither the pinned nor the system's Node is new enough. */
export function requireNode24() {
  const found = spawnSync('node', ['--version'], { env: stepEnvironment(), encoding: 'utf8' });
  const version = found.stdout?.trim() || 'none';
  if (Number(version.slice(1).split('.')[0]) >= NEEDED_MAJOR) return;
  const pinned = existsSync(join(binaries, 'node'))
    ? 'node_modules/.bin/node is too old'
    : 'npm has no binary of it for';
  console.error(
    `Error: kops needs Node ${NEEDED_MAJOR}; the system has ${version}, ${pinned} ` +
      `${process.platform}-${process.arch}. Install Node ${NEEDED_MAJOR} and run this again.`,
  );
  process.exit(2);
}
