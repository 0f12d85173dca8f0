import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { startElasticsearch } from '@kops/elasticsearch-dist';
import { runKops, say, stage } from './stage.ts';

/** The catalog of the demo: its server and the configuration that every command is given. */
export interface DemoCatalog extends AsyncDisposable {
  /** Arguments for commands of kops. */
  readonly args: readonly string[];
}

/** The catalog's rules: of `test` keys alone, of everything else all but the customers. */
const rules = [
  { topics: 'test', level: 'keys' },
  { topics: '*', level: 'full', masks: [{ field: 'value.customer', action: 'redact' }] },
];

/** Uses the server of a URL, or starts a throwaway one for an empty text. */
export function startCatalog(
  url: string,
  folder: string,
  signal: AbortSignal,
): Promise<DemoCatalog> {
  return stage('Have an Elasticsearch for the catalog', async () => {
    await using servers = new AsyncDisposableStack();
    const node = url === '' ? servers.use(await startElasticsearch({ signal })).url : url;
    const config = join(folder, 'kops.yaml');
    const catalog = {
      elasticsearch: { node },
      prefix: 'kops_demo',
      stateDirectory: resolve(folder, 'catalog'),
      records: rules,
    };
    // JSON is YAML.
    await writeFile(config, `${JSON.stringify({ catalog }, undefined, 2)}\n`);
    say(`   ${url === '' ? 'a throwaway one' : 'yours'} at ${node}; what is indexed: ${config}`);
    const kept = servers.move();
    return { args: ['--config', config], [Symbol.asyncDispose]: () => kept.disposeAsync() };
  });
}

/** Searches the archive, prints a record that was found from its segment, and compares catalog and archive. */
export async function showCatalog(
  { args }: DemoCatalog,
  archive: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await stage('Find archived records', async () => {
    await runKops(['search', 'kafka.value.order:4711', ...args], signal);
    const at = ['--topic', 'orders', '--partition', '1', '--from-offset', '942', '--limit', '1'];
    await runKops(['cat', ...archive, ...at], signal);
  });
  await stage('Compare the catalog with the archive', () =>
    runKops(['catalog', 'status', ...args, ...archive.slice(0, 2)], signal),
  );
}

/** Restores what a search finds, and nothing else. */
export function restoreFound(
  { args }: DemoCatalog,
  target: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  return stage('Restore only what a search finds', () =>
    runKops(
      [
        ...['restore', ...args, ...target, '--from-search', 'espresso', '--topics', 'orders'],
        ...['--into', 'orders-espresso'],
      ],
      signal,
    ),
  );
}
