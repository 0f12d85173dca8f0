import { defaultRolloverLimits, type RolloverLimits } from '../indices/index-definition.ts';
import { firstIndex, parseIndexName, recordsAlias } from '../indices/index-names.ts';
import type { RecordTarget } from '../port.ts';
import { readIndices, type LiveIndex } from './live-indices.ts';
import type { Server, ServerRequest } from './server.ts';
import { createIndex } from './setup.ts';

interface TargetContext {
  readonly server: Server;
  readonly prefix: string;
  readonly signal: AbortSignal | undefined;
  readonly limits?: RolloverLimits | undefined;
}

/** See `Catalog.recordTarget`. */
export async function openRecordTarget(
  context: TargetContext,
  topic: string,
): Promise<RecordTarget> {
  const alias = recordsAlias(topic, context.prefix);
  const before = await readTopicIndices(context, alias);
  if (before.length === 0) await createIndex(context, firstIndex(alias), alias);
  else await ensureWriteIndex(context, alias, before);
  const index = await rollOver(context, alias);
  return { alias, index, hasOthers: before.some((live) => live.index !== index) };
}

async function readTopicIndices(
  { server, signal }: TargetContext,
  alias: string,
): Promise<LiveIndex[]> {
  const live = await readIndices(
    server,
    [`${alias}-0*`, `${alias}~*`],
    `read the indices of ${alias}`,
    signal,
  );
  // The patterns also find the indices of topics that begin alike.
  return live.filter(({ index }) => parseIndexName(index)?.alias === alias);
}

/** An index that was dropped while it was written to may have come back without its alias. */
async function ensureWriteIndex(
  { server, signal }: TargetContext,
  alias: string,
  live: readonly LiveIndex[],
): Promise<void> {
  if (live.some(({ aliases }) => aliases.get(alias)?.isWriteIndex === true)) return;
  const newest = live.at(-1)?.index;
  await server.request({
    method: 'POST',
    path: '/_aliases',
    body: {
      actions: live.map(({ index }) => ({
        add: { index, alias, is_write_index: index === newest },
      })),
    },
    what: `choose the index of ${alias} that is written to`,
    signal,
  });
}

interface RolloverAnswer {
  readonly rolled_over: boolean;
  readonly old_index: string;
  readonly new_index: string;
}

async function rollOver(
  { server, signal, limits = defaultRolloverLimits }: TargetContext,
  alias: string,
): Promise<string> {
  const request: ServerRequest = {
    method: 'POST',
    path: `/${encodeURIComponent(alias)}/_rollover`,
    body: {
      conditions: {
        max_docs: limits.maxDocuments,
        max_primary_shard_size: `${String(limits.maxShardBytes)}b`,
      },
    },
    what: `roll over ${alias}`,
    signal,
  };
  const answer =
    // Of two that roll over at the same moment one is told that the next index exists already; it then asks again.
    (await server.requestUnless<RolloverAnswer>(['resource_already_exists_exception'], request)) ??
    (await server.request<RolloverAnswer>(request));
  return answer.rolled_over ? answer.new_index : answer.old_index;
}
