import { fileURLToPath } from 'node:url';

const hasControl = /\p{Cc}/u;
const needsQuotes = /[^\p{L}\p{N}/._\-+@%:,=]/u;

/**
 * A text for people with local paths as they are typed, where a repository goes by its URL: `/backups` for `file:///backups`. Quoted where
 * a shell would break them, as they may be part of a command.
 */
export function plainPaths(text: string): string {
  return text.replaceAll(
    /(['"]?)file:\/\/\/[^\s'"]*[^\s'"),;:.]/g,
    (found: string, quote: string) => `${quote}${plainPath(found.slice(quote.length), quote)}`,
  );
}

function plainPath(url: string, quote: string): string {
  try {
    const path = fileURLToPath(url);
    if (hasControl.test(path) || path.includes("'")) return url;
    return quote === '' && needsQuotes.test(path) ? `'${path}'` : path;
  } catch {
    return url;
  }
}
