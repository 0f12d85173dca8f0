import { counted, KopsError } from '@kops/core';
import type { IndexDefinition, IndexKind } from '../indices/index-definition.ts';
import { indexDefinitions, indexTemplate, singleKinds } from '../indices/index-definitions.ts';
import { firstIndex, kindAlias, parseIndexName } from '../indices/index-names.ts';
import { planMigration, type MigrationStep } from '../indices/plan-migration.ts';
import type { SetupReport } from '../port.ts';
import { pathOf, readLiveIndices, type LiveIndex } from './live-indices.ts';
import { readServerInfo, type Server } from './server.ts';

/** A reindex takes as long as it takes; this is to end a wait for a server that hangs. */
const reindexTimeoutMs = 6 * 60 * 60 * 1000;

/** Which server, which indices. */
export interface SetupContext {
  readonly server: Server;
  readonly prefix: string;
  readonly signal: AbortSignal | undefined;
  /** Replaced in tests of migrations. */
  readonly definitions?: Readonly<Record<IndexKind, IndexDefinition>>;
}

/** See `Catalog.setup`. */
export async function setupIndices(context: SetupContext): Promise<SetupReport> {
  const { server, prefix, signal } = context;
  const definitions = context.definitions ?? indexDefinitions;
  const { version } = await readServerInfo(server, signal);
  for (const definition of Object.values(definitions)) await putTemplate(context, definition);
  const created: string[] = [];
  const migrated: MigrationStep[] = [];
  const realiased: string[] = [];
  for (const definition of Object.values(definitions)) {
    const live = await readLiveIndices(server, definition.kind, prefix, signal);
    for (const index of live) {
      const step = planMigration(index.index, index.mapping, definition);
      await migrate(context, index, definition, step);
      if (step.action !== 'none') migrated.push(step);
      else if (await restoreAlias(context, index)) realiased.push(index.index);
    }
    if (live.length === 0 && isSingle(definition.kind)) {
      const alias = kindAlias(definition.kind, prefix);
      if (await createIndex(context, firstIndex(alias), alias)) created.push(firstIndex(alias));
    }
  }
  return { serverVersion: version, created, migrated, realiased };
}

function isSingle(kind: IndexKind): boolean {
  return singleKinds.some((single) => single === kind);
}

async function putTemplate(
  { server, prefix, signal }: SetupContext,
  definition: IndexDefinition,
): Promise<void> {
  const { name, ...body } = indexTemplate(definition, prefix);
  await server.request({
    method: 'PUT',
    path: `/_index_template/${encodeURIComponent(name)}`,
    body,
    what: `put the template ${name}`,
    signal,
  });
}

/** Creates the index that an alias writes to; false where somebody else did in the meantime. */
export async function createIndex(
  { server, signal }: Pick<SetupContext, 'server' | 'signal'>,
  index: string,
  alias: string,
): Promise<boolean> {
  const answer = await server.requestUnless(['resource_already_exists_exception'], {
    method: 'PUT',
    path: `/${encodeURIComponent(index)}`,
    body: { aliases: { [alias]: { is_write_index: true } } },
    what: `create the index ${index}`,
    signal,
  });
  return answer !== undefined;
}

/** An index that was dropped while it was written to comes back by its template, which knows no alias. */
async function restoreAlias(context: SetupContext, live: LiveIndex): Promise<boolean> {
  const alias = parseIndexName(live.index)?.alias;
  if (alias === undefined || live.aliases.has(alias)) return false;
  // Whether it is the one to write to is settled by the next roll-over; a lone one is written to anyway.
  await changeAliases(context, [{ add: { index: live.index, alias } }]);
  return true;
}

async function changeAliases(
  { server, signal }: SetupContext,
  actions: readonly object[],
): Promise<void> {
  await server.request({
    method: 'POST',
    path: '/_aliases',
    body: { actions },
    what: 'change aliases',
    signal,
  });
}

async function migrate(
  context: SetupContext,
  live: LiveIndex,
  definition: IndexDefinition,
  step: MigrationStep,
): Promise<void> {
  const { server, signal } = context;
  if (step.action === 'put-mapping') {
    const { properties, _meta } = definition.mappings;
    await server.request({
      method: 'PUT',
      path: `/${encodeURIComponent(step.index)}/_mapping`,
      body: { properties, _meta },
      what: `add fields to ${step.index}`,
      signal,
    });
  }
  if (step.action === 'reindex') await rebuildIndex(context, live, step.into);
}

/**
 * Fills a new index from an old one and swaps them in one step. Killed in the middle, it begins again: until the swap, the old
 * index is what counts.
 */
async function rebuildIndex(context: SetupContext, live: LiveIndex, into: string): Promise<void> {
  const { server, signal } = context;
  const what = `rebuild ${live.index} as ${into}`;
  await server.requestUnless(['index_not_found_exception'], {
    method: 'DELETE',
    path: `/${encodeURIComponent(into)}`,
    what,
    signal,
  });
  await server.request({ method: 'PUT', path: `/${encodeURIComponent(into)}`, what, signal });
  const { failures } = await server.request<{ failures?: readonly unknown[] }>({
    method: 'POST',
    path: '/_reindex',
    query: { wait_for_completion: true, refresh: true },
    body: { source: { index: live.index }, dest: { index: into } },
    what,
    timeoutMs: reindexTimeoutMs,
    signal,
  });
  if (failures !== undefined && failures.length > 0) {
    throw new KopsError(
      'KOPS_ELASTICSEARCH_MAPPING',
      `cannot ${what}: the mapping rejects ${counted(failures.length, 'document')}`,
      {
        at: { object: live.index },
        hint: 'Rebuild the catalog from the repository: kops catalog rebuild --drop',
      },
    );
  }
  const adds = [...live.aliases].map(([alias, { isWriteIndex }]) => ({
    add: { index: into, alias, ...(isWriteIndex ? { is_write_index: true } : {}) },
  }));
  await changeAliases(context, [{ remove_index: { index: live.index } }, ...adds]);
}

/** Removes indices and templates of some kinds. */
export async function dropIndices(
  context: SetupContext,
  kinds: readonly IndexKind[],
): Promise<void> {
  const { server, prefix, signal } = context;
  for (const kind of kinds) {
    // By name: many clusters forbid deleting by pattern.
    const live = await readLiveIndices(server, kind, prefix, signal);
    for (const { index } of live) {
      await server.requestUnless(['index_not_found_exception'], {
        method: 'DELETE',
        path: `/${pathOf([index])}`,
        what: `delete the index ${index}`,
        signal,
      });
    }
    await server.requestUnless(
      ['index_template_missing_exception', 'resource_not_found_exception'],
      {
        method: 'DELETE',
        path: `/_index_template/${encodeURIComponent(kindAlias(kind, prefix))}`,
        what: `delete the template of ${kind}`,
        signal,
      },
    );
  }
}
