import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './node-runtime.mjs';
import { runStep } from './step.mjs';

/** Installs with `npm ci` where what is installed is not what package-lock.json says. */
export async function ensureInstalled() {
  if (installedMatches(readLock('package-lock.json'), readLock('node_modules/.package-lock.json')))
    return;
  const step = await runStep('install', 'npm', ['ci', '--no-audit', '--no-fund']);
  if (step.code !== 0) process.exit(step.code);
}

/**
 * Compares the wanted lock with the one that npm leaves in node_modules as the last act of a successful install, so that
 * a cut-off install does not count. Packages of other platforms are in the first one only.
 */
export function installedMatches(wanted, installed) {
  if (!wanted || !installed) return false;
  return Object.entries(wanted.packages)
    .filter(
      ([path, entry]) => path.startsWith('node_modules/') && !entry.optional && !entry.devOptional,
    )
    .every(([path, entry]) => isSamePackage(entry, installed.packages[path]));
}

function isSamePackage(wanted, installed) {
  return (
    installed !== undefined &&
    wanted.version === installed.version &&
    wanted.resolved === installed.resolved &&
    wanted.integrity === installed.integrity
  );
}

function readLock(path) {
  const file = join(root, path);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}
