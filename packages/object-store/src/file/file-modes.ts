/** Permissions of the files that a store creates. */
export const defaultFileMode = 0o600;

/** Permissions of a directory whose files have the mode: searchable for whoever can read the files. */
export function directoryMode(fileMode: number): number {
  return fileMode | ((fileMode & 0o444) >> 2);
}
