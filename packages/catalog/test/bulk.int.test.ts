import { startElasticsearch, type ElasticsearchNode } from '@kops/elasticsearch-dist';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { connectElasticsearch } from '../src/elasticsearch/index.ts';
import type { Catalog, RecordTarget } from '../src/index.ts';

let node: ElasticsearchNode;
let catalog: Catalog;
let target: RecordTarget;

beforeAll(async () => {
  // One write waits at a time: what comes beyond is answered with 429.
  node = await startElasticsearch({
    threadPoolWriteQueueSize: 1,
    settings: { 'thread_pool.write.size': 1 },
  });
  catalog = await connectElasticsearch({ node: node.url, requestTimeoutMs: 5000 });
});
afterAll(async () => {
  await catalog[Symbol.asyncDispose]();
  await node.stop();
});
beforeEach(async () => {
  await catalog.drop();
  await catalog.setup();
  target = await catalog.recordTarget('orders');
});

const documents = 4000;

/** Writes documents in small requests; `at` runs when half of them are taken. */
async function writeAll(concurrency: number, at: () => void = () => undefined) {
  await using writer = catalog.openBulk({
    onRejected: ({ reason }) => {
      throw new Error(reason);
    },
    concurrency,
    maxRequestBytes: 20_000,
    retry: { initialDelayMs: 50, maxDelayMs: 500, deadlineMs: 120_000 },
  });
  for (let n = 0; n < documents; n++) {
    if (n === documents / 2) at();
    const json = JSON.stringify({ message: `document ${String(n)}`, kafka: { offset: n } });
    await writer.add({ index: target.index, id: String(n), json });
  }
  await writer.flush();
  await catalog.refresh();
  return writer.counts;
}

it('sends again what an overloaded server refuses, and loses nothing', async () => {
  const counts = await writeAll(16);
  expect(counts).toMatchObject({ added: documents, created: documents, updated: 0, rejected: 0 });
  expect(counts.retries).toBeGreaterThan(0);
  expect(await catalog.count({})).toBe(documents);
});

it.each([
  ['crashes', () => node.kill().then(() => node.start())],
  [
    'is frozen for longer than a request may take',
    () =>
      node
        .pause()
        .then(() => new Promise((resolve) => setTimeout(resolve, 7000)))
        .then(() => node.resume()),
  ],
])('goes on when the server %s in the middle', async (_, trouble) => {
  let over: Promise<unknown> = Promise.resolve();
  const counts = await writeAll(2, () => {
    over = trouble();
  });
  await over;
  expect(counts.retries).toBeGreaterThan(0);
  expect(counts.created + counts.updated).toBe(documents);
  expect(await catalog.count({})).toBe(documents);
});
