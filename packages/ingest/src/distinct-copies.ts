import { KopsError } from '@kops/core';
import type { Repository } from '@kops/repository';

/** Two copies in one directory would be one copy. @throws KOPS_USAGE */
export function requireDistinct(repositories: readonly Repository[]): void {
  const places = new Map<string, string>();
  for (const { store } of repositories) {
    const place = store.place ?? store.url;
    const other = places.get(place);
    places.set(place, store.url);
    if (other === undefined) continue;
    throw new KopsError(
      'KOPS_USAGE',
      other === store.url
        ? `the repository ${store.url} is given twice`
        : `the repositories ${other} and ${store.url} are the same directory`,
      {
        at: { repository: store.url },
        hint: 'Give each copy its own directory, or give the repository once.',
      },
    );
  }
}
