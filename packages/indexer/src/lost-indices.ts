import {
  recordsAlias,
  type CallOptions,
  type Catalog,
  type CatalogStatus,
  type SetupReport,
} from '@kops/catalog';
import type { IndexState, StateChange } from './state/index-state.ts';

/** Whether the catalog has lost the indices of archives or segments, so that nothing that the state says of it holds. */
export function hasLostCatalog(state: IndexState, { created }: SetupReport): boolean {
  return state.size > 0 && created.some((index) => /-(archives|segments)-0/.test(index));
}

/** What the state has to forget because a topic's index of records was dropped. */
export async function forgetLostTopics(
  state: IndexState,
  catalog: Catalog,
  call: CallOptions,
): Promise<StateChange[]> {
  const written = new Set<string>();
  for (const { topic, documents } of state.segments.values()) if (documents > 0) written.add(topic);
  if (written.size === 0) return [];
  const status = await catalog.status(call);
  const lost = [...written].filter(
    (topic) => !hasIndex(status, recordsAlias(topic, catalog.prefix)),
  );
  if (lost.length === 0) return [];
  return [
    ...[...state.segments.values()]
      .filter(({ topic }) => lost.includes(topic))
      .map((segment): StateChange => ({
        segment: { ...segment, covered: [], written: [], documents: 0 },
      })),
    ...rescan(state),
  ];
}

/** Makes all archives to be looked through again; what is covered is not written again. */
export function rescan(state: IndexState): StateChange[] {
  return [...state.archives.keys()].map((archive) => ({ archive: { archive, status: 'begun' } }));
}

/** Indices of a topic are its alias with a number, and a version where a mapping changed. */
function hasIndex({ indices }: CatalogStatus, alias: string): boolean {
  return indices.some(
    ({ index }) =>
      index.startsWith(alias) && /^(~v[0-9]+)?-[0-9]{6,}$/.test(index.slice(alias.length)),
  );
}
