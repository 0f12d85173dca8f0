/** How deep causes are followed: a chain may be a ring. */
const maxDepth = 8;

/**
 * Why something failed, in words, also where the error itself has none: the reasons of all errors that it combines (a name with several
 * addresses fails with one for each), else that of its cause, else its code or name. Never empty.
 */
export function reasonOf(thrown: unknown, depth = 0): string {
  if (!(thrown instanceof Error)) return String(thrown) || 'no reason given';
  if (thrown instanceof AggregateError && thrown.errors.length > 0 && depth < maxDepth) {
    const reasons = thrown.errors.map((error) => reasonOf(error, depth + 1));
    return [...new Set(reasons)].join('; ');
  }
  if (thrown.message !== '') return thrown.message;
  if (thrown.cause !== undefined && depth < maxDepth) return reasonOf(thrown.cause, depth + 1);
  return (thrown as NodeJS.ErrnoException).code ?? thrown.name;
}
