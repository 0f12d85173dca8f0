import { readFileSync } from 'node:fs';
import { indexDefinitions } from '@kops/catalog';
import { sandboxElasticsearch } from '@kops/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

const elasticsearch = sandboxElasticsearch({ beforeAll, afterAll, beforeEach });

const example = readFileSync(new URL('../example-ingest-pipeline.json', import.meta.url), 'utf8');

async function put(path: string, body: string): Promise<unknown> {
  const response = await fetch(`${elasticsearch().url}${path}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body,
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok) throw new Error(await response.text());
  return await response.json();
}

/** What is stored of a document that went through the example. */
async function stored(id: string, document: unknown): Promise<unknown> {
  const { indexPrefix, url } = elasticsearch();
  const path = `/${indexPrefix}orders/_doc/${id}`;
  await put(`${path}?pipeline=${indexPrefix}example`, JSON.stringify(document));
  const response = await fetch(url + path, { signal: AbortSignal.timeout(30_000) });
  return ((await response.json()) as { _source: unknown })._source;
}

/** On a server that runs anyway, indices go with their prefix, and pipelines do not. */
async function dropPipeline(): Promise<void> {
  await fetch(`${elasticsearch().url}/_ingest/pipeline/${elasticsearch().indexPrefix}example`, {
    method: 'DELETE',
    signal: AbortSignal.timeout(30_000),
  });
}

it('the example for the server does what it says, and its documents fit the strict mapping', async ({
  onTestFinished,
}) => {
  const { indexPrefix } = elasticsearch();
  onTestFinished(dropPipeline);
  const { mappings } = indexDefinitions.records;
  await put(`/${indexPrefix}orders`, JSON.stringify({ mappings }));
  await put(`/_ingest/pipeline/${indexPrefix}example`, example);
  const kafka = { topic: 'orders', partition: 0, offset: 1, value: { state: 'OPEN' } };
  expect(await stored('1', { message: '{"card":"4111111111111111","n":12}', kafka })).toEqual({
    message: '{"card":"[card]","n":12}',
    kafka: { ...kafka, value: { state: 'open' } },
  });
  // What it cannot work on is said and not lost.
  expect(await stored('2', { kafka: { ...kafka, value: { state: 5 } } })).toEqual({
    kafka: { ...kafka, value: { state: 5 } },
    kops: { truncated: ['pipeline'] },
  });
  await expect(stored('3', { host: 'added by Logstash', kafka })).rejects.toThrow(/strict/);
});
