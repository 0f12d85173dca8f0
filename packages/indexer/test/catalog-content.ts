import { basicAuthorization, type Credentials } from '@kops/elasticsearch-dist';

/** A catalog as its server has it, past the client. */
export interface CatalogAccess {
  readonly url: string;
  readonly prefix: string;
  readonly credentials?: Credentials | undefined;
}

/** A request to the server. */
export async function ask(
  { url, credentials }: Omit<CatalogAccess, 'prefix'>,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(credentials === undefined ? {} : { authorization: basicAuthorization(credentials) }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const content: unknown = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path}: ${JSON.stringify(content)}`);
  return content;
}

interface Hit {
  readonly _index: string;
  readonly _id: string;
  readonly _source: Record<string, unknown>;
  readonly sort: readonly unknown[];
}

/** Every document of a kind, by id. Of one that is there twice both are in the list. */
export async function documentsOf(
  access: CatalogAccess,
  kind: 'archives' | 'segments' | 'records',
): Promise<{ id: string; index: string; source: Record<string, unknown> }[]> {
  const pattern = `${access.prefix}-${kind}*`;
  await ask(access, 'POST', `/${pattern}/_refresh`);
  const found: { id: string; index: string; source: Record<string, unknown> }[] = [];
  const pit = (await ask(access, 'POST', `/${pattern}/_pit?keep_alive=1m`)) as { id: string };
  for (let after: readonly unknown[] | undefined; ;) {
    const { hits } = (await ask(access, 'POST', '/_search', {
      size: 5000,
      pit: { id: pit.id, keep_alive: '1m' },
      sort: ['_shard_doc'],
      ...(after === undefined ? {} : { search_after: after }),
    })) as { hits: { hits: Hit[] } };
    for (const hit of hits.hits)
      found.push({ id: hit._id, index: hit._index, source: hit._source });
    after = hits.hits.at(-1)?.sort;
    if (after === undefined) return found.sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}

interface RecordFields {
  readonly kafka: { readonly topic: string; readonly partition: number; readonly offset: number };
}

/** The records of a catalog, as `topic/partition/offset`; one that is there twice is in it twice. */
export async function indexedRecords(access: CatalogAccess): Promise<string[]> {
  const documents = await documentsOf(access, 'records');
  return documents
    .map(({ source }) => (source as unknown as RecordFields).kafka)
    .map(({ topic, partition, offset }) => `${topic}/${String(partition)}/${String(offset)}`)
    .sort();
}

/** The archives that documents of any kind name, each once, sorted. */
export async function namedArchives(access: CatalogAccess): Promise<string[]> {
  const found = new Set<string>();
  for (const kind of ['archives', 'segments', 'records'] as const)
    for (const { source } of await documentsOf(access, kind))
      found.add((source['kops'] as { archive: string }).archive);
  return [...found].sort();
}
