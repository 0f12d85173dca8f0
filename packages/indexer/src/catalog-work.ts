import type { CallOptions, Catalog } from '@kops/catalog';

/** Something that needs the catalog. Done again when that cannot be reached, so doing it twice must change nothing. */
export type CatalogWork<T> = (catalog: Catalog, call: CallOptions) => Promise<T>;

/** Runs work on the catalog, again while it cannot be reached. */
export type WithCatalog = <T>(work: CatalogWork<T>) => Promise<T>;
