const plain = /^[\w@%+=:,./-]+$/;

/** A word that a POSIX shell reads as it is. */
export function shellWord(text: string): string {
  return plain.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** A command to paste: variables first, then words. */
export function shellCommand(
  words: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): string {
  const settings = Object.entries(variables).map(([name, value]) => `${name}=${shellWord(value)}`);
  return [...settings, ...words.map(shellWord)].join(' ');
}
