import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isKeySegment } from '../key.ts';
import type { ObjectInfo } from '../port.ts';
import { isMissing } from './storage-error.ts';

/** Which files of a tree a walk visits. */
export interface WalkOptions {
  /** Only paths that begin so. */
  readonly prefix: string;
  /** Only paths above this one. */
  readonly startAfter?: string;
}

/** Files asked for size and time at once. */
const statBatch = 32;

/**
 * Files below a root whose path (segments joined by `/`) begins with a prefix, in the byte order of the whole path.
 *
 * In that order a directory's files do not stand where its bare name sorts: `a-b` and `a.b` come before `a/x`, since `-` and `.` are below
 * `/`. Entries of a directory are therefore sorted with `/` behind the names of directories; as no name contains `/`, the order of
 * entries then is the order of whatever is below them. Memory: the names of one directory per level.
 */
export async function* walk(root: string, options: WalkOptions): AsyncGenerator<ObjectInfo> {
  const base = options.prefix.slice(0, options.prefix.lastIndexOf('/') + 1);
  yield* walkDirectory(root, base, options);
}

async function* walkDirectory(
  root: string,
  base: string,
  options: WalkOptions,
): AsyncGenerator<ObjectInfo> {
  const entries = await sortedEntries(root, base, options);
  for (let at = 0; at < entries.length;) {
    const files = filesFrom(entries, at);
    at += files.length;
    const infos = await Promise.all(files.map((path) => describe(root, path)));
    for (const info of infos) if (info !== undefined) yield info;
    const directory = files.length < statBatch ? entries[at] : undefined;
    if (directory === undefined) continue;
    at++;
    yield* walkDirectory(root, directory, options);
  }
}

/** The files that stand together from an index on, at most a batch. */
function filesFrom(entries: readonly string[], from: number): string[] {
  const files: string[] = [];
  for (let at = from; at < entries.length && files.length < statBatch; at++) {
    const entry = entries[at];
    if (entry === undefined || entry.endsWith('/')) break;
    files.push(entry);
  }
  return files;
}

/** Paths of a directory's entries that may matter, directories with `/` behind, sorted. */
async function sortedEntries(root: string, base: string, options: WalkOptions): Promise<string[]> {
  const paths: string[] = [];
  for (const entry of await readEntries(join(root, base))) {
    // Names that no key can have are not ours (lost+found, editors' files).
    if (!isKeySegment(entry.name)) continue;
    const path = base + entry.name + (entry.isDirectory ? '/' : '');
    if (matches(path, entry.isDirectory, options)) paths.push(path);
  }
  return paths.sort();
}

function matches(path: string, isDirectory: boolean, { prefix, startAfter }: WalkOptions): boolean {
  if (!path.startsWith(prefix) && !(isDirectory && prefix.startsWith(path))) return false;
  if (startAfter === undefined || path > startAfter) return true;
  return isDirectory && startAfter.startsWith(path);
}

interface Entry {
  readonly name: string;
  readonly isDirectory: boolean;
}

async function readEntries(directory: string): Promise<Entry[]> {
  let found;
  try {
    found = await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  const entries: Entry[] = [];
  for (const entry of found) {
    // A link to another disk is an operator's way to move a directory: it counts as what it points to.
    const kind = entry.isSymbolicLink() ? await follow(join(directory, entry.name)) : entry;
    if (kind?.isDirectory() === true) entries.push({ name: entry.name, isDirectory: true });
    else if (kind?.isFile() === true) entries.push({ name: entry.name, isDirectory: false });
  }
  return entries;
}

async function follow(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Undefined when it went away since its directory was read. */
async function describe(root: string, path: string): Promise<ObjectInfo | undefined> {
  const found = await follow(join(root, path));
  return found === undefined
    ? undefined
    : { key: path, size: found.size, modifiedMs: Math.trunc(found.mtimeMs) };
}
