import { KopsError } from './errors.ts';

/** Topics whose content is Kafka's own; excluded unless named. */
export const internalTopics: ReadonlySet<string> = new Set([
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
]);

/** Whether a text is a glob and no name. */
export const isGlob = (pattern: string): boolean => /[*?]/.test(pattern);

function toRegExp(pattern: string): RegExp {
  const body = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${body}$`, 's');
}

/** Whether a name matches a glob of `*` and `?`; every other character is literal. */
export function matchesGlob(pattern: string, name: string): boolean {
  return toRegExp(pattern).test(name);
}

/** Longer than any name of a topic, of characters that no pattern has. */
const anyLongText = '\u0000'.repeat(300);

/** Whether every name that `inner` matches is one that `outer` matches, too; both are names or globs. */
export function containsGlob(outer: string, inner: string): boolean {
  if (outer === inner) return true;
  // Only a `*` of the outer glob takes as much as a `*` of the inner one may stand for; with nothing in its place the rest has to match as well.
  return ['', anyLongText].every((text) =>
    matchesGlob(outer, inner.replaceAll('*', text).replaceAll('?', '\u0000')),
  );
}

/** Which names of a set are meant. */
export interface NameSelection {
  /** Names and globs; empty means all that are not internal. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** Whether a selection means a topic; internal topics need their full name. */
export function isSelected(name: string, { include, exclude }: NameSelection): boolean {
  const patterns = include.length === 0 ? ['*'] : include;
  return (
    patterns.some((pattern) => isMeant(pattern, name)) &&
    !exclude.some((pattern) => matchesGlob(pattern, name))
  );
}

const isMeant = (pattern: string, name: string): boolean =>
  isGlob(pattern) ? !internalTopics.has(name) && matchesGlob(pattern, name) : name === pattern;

/**
 * Selects topics by names and globs, in sorted order. Internal topics need their full name.
 * @throws KOPS_TOPIC_NOT_FOUND for a name that does not exist or a glob that matches nothing, also of those to exclude.
 */
export function selectTopics(existing: readonly string[], selection: NameSelection): string[] {
  const patterns = selection.include.length === 0 ? ['*'] : selection.include;
  const chosen = new Set<string>();
  for (const pattern of patterns) {
    const found = existing.filter((name) => isMeant(pattern, name));
    if (found.length === 0 && selection.include.length > 0) {
      throw new KopsError(
        'KOPS_TOPIC_NOT_FOUND',
        isGlob(pattern) ? `no topic matches '${pattern}'` : `there is no topic '${pattern}'`,
        {
          at: { topic: pattern },
          hint: 'Correct --topics so that it names existing topics. Quote globs so that the shell does not expand them.',
        },
      );
    }
    for (const name of found) chosen.add(name);
  }
  for (const pattern of selection.exclude) {
    requireExcluded(existing, pattern);
    for (const name of [...chosen]) if (matchesGlob(pattern, name)) chosen.delete(name);
  }
  return [...chosen].sort();
}

/** A misspelt exclude would take in what it was to leave out. Kafka's own topics may be excluded before they exist. */
function requireExcluded(existing: readonly string[], pattern: string): void {
  if ([...existing, ...internalTopics].some((name) => matchesGlob(pattern, name))) return;
  throw new KopsError(
    'KOPS_TOPIC_NOT_FOUND',
    isGlob(pattern)
      ? `--exclude: no topic matches '${pattern}'`
      : `--exclude: there is no topic '${pattern}'`,
    {
      at: { topic: pattern },
      hint: 'Correct --exclude, or remove the pattern if the topic was deleted. Quote globs so that the shell does not expand them.',
    },
  );
}
