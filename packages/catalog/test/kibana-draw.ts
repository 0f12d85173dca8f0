/**
 * Draws docs/images/kibana-*.png: each dashboard's panels from what their queries find in a real Elasticsearch with the sample.
 * `node --conditions=@kops/source packages/catalog/test/kibana-draw.ts docs/images`, with Chromium on the PATH.
 * @module
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { startElasticsearch } from '@kops/elasticsearch-dist';
import { connectElasticsearch } from '../src/elasticsearch/index.ts';
import { savedObjects, type SavedObject } from '../src/kibana/index.ts';
import { themes } from './kibana-chart.ts';
import {
  otherValuesQuery,
  parsed,
  queryOf,
  rowsOf,
  type Cell,
  type PanelQuery,
} from './kibana-panel-query.ts';
import { dashboardPage, type PanelResult } from './kibana-picture.ts';
import { writeSample } from './kibana-sample.ts';

const run = promisify(execFile);
const target = resolve(process.argv[2] ?? 'docs/images');
const objects = savedObjects();

async function search(url: string, { index, body }: PanelQuery): Promise<Record<string, unknown>> {
  const answer = await fetch(`${url}/${index}/_search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as Record<string, unknown>;
}

interface Hits {
  readonly hits: {
    readonly hits: readonly {
      _source: Record<string, unknown>;
      fields?: Record<string, unknown[]>;
    }[];
  };
}

async function rowsFound(url: string, query: PanelQuery, object: SavedObject): Promise<Cell[][]> {
  const answer = await search(url, query);
  if (object.type === 'search') {
    const columns = query.uses.filter(({ as }) => as === 'column').map(({ field }) => field);
    return (answer as unknown as Hits).hits.hits.map(({ _source, fields = {} }) => [
      String(_source['@timestamp']),
      ...columns.map((field) => (fields[field] ?? ['-']).join(', ')),
    ]);
  }
  const rows = rowsOf(query.columns, answer);
  const others = otherValuesQuery(query, rows);
  if (others === undefined) return rows;
  const rest = rowsOf(others.columns, await search(url, others));
  return [...rows, ...rest.map((row) => ['Other', ...row])];
}

async function resultsFrom(url: string): Promise<Map<string, PanelResult>> {
  const results = new Map<string, PanelResult>();
  for (const object of objects.filter(({ type }) => type === 'lens' || type === 'search')) {
    const query = queryOf(object, objects);
    const view = objects.find(({ id }) => object.references.some((to) => to.id === id));
    if (query === undefined || view === undefined) continue;
    const formats = parsed(view.attributes['fieldFormatMap']) as PanelResult['formats'];
    results.set(object.id, { object, query, formats, rows: await rowsFound(url, query, object) });
  }
  return results;
}

async function photograph(html: string, height: number, file: string, folder: string) {
  const page = join(folder, 'page.html');
  await writeFile(page, html);
  await run('chromium', [
    '--headless',
    '--no-sandbox',
    '--hide-scrollbars',
    `--user-data-dir=${join(folder, 'profile')}`,
    `--window-size=1280,${String(height)}`,
    `--screenshot=${file}`,
    `file://${page}`,
  ]);
}

const node = await startElasticsearch();
const folder = await mkdtemp(join(tmpdir(), 'kops-pictures-'));
try {
  await using catalog = await connectElasticsearch({ node: node.url });
  await writeSample(catalog);
  const results = await resultsFrom(node.url);
  for (const dashboard of objects.filter(({ type }) => type === 'dashboard'))
    for (const [name, theme] of Object.entries(themes)) {
      const { html, height } = dashboardPage(dashboard, results, theme);
      const of = dashboard.id.replace('kops-dashboard-', '');
      await photograph(html, height, join(target, `kibana-${of}-${name}.png`), folder);
    }
} finally {
  await node.stop();
  await rm(folder, { recursive: true });
}
