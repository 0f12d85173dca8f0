import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startElasticsearch, type ElasticsearchNode } from '../src/index.ts';
import { installationOrReason, isAlive, request, type Found } from './rest.ts';

const found = await installationOrReason();

describe.skipIf(typeof found === 'string')('one node without security', () => {
  let node: ElasticsearchNode;

  beforeAll(async () => {
    if (typeof found === 'string') return;
    // One processor and one place to wait: writes are refused as soon as three come at once.
    node = await startElasticsearch({
      installation: found,
      threadPoolWriteQueueSize: 1,
      settings: { 'node.processors': 1 },
    });
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
  });

  const search = async (index: string, query: object): Promise<unknown[]> => {
    const { status, body } = await request<Found>(node, 'POST', `/${index}/_search`, { query });
    expect(status).toBe(200);
    return body.hits.hits.map((hit) => hit._source);
  };

  it('is the version that was asked for and finds what was indexed, and nothing else', async () => {
    const { body } = await request<{ version: { number: string } }>(node, 'GET', '/');
    expect(body.version.number).toBe(node.version);
    const document = { topic: 'orders', partition: 3 };
    const written = await request(node, 'PUT', '/first/_doc/1?refresh=true', document);
    expect(written.status).toBe(201);
    expect(await search('first', { match: { topic: 'orders' } })).toEqual([document]);
    expect(await search('first', { match: { topic: 'payments' } })).toEqual([]);
  });

  it('runs ingest pipelines', async () => {
    const pipeline = { processors: [{ set: { field: 'seen', value: true } }] };
    expect((await request(node, 'PUT', '/_ingest/pipeline/mark', pipeline)).status).toBe(200);
    await request(node, 'PUT', '/piped/_doc/1?pipeline=mark&refresh=true', { a: 1 });
    expect(await search('piped', { match_all: {} })).toEqual([{ a: 1, seen: true }]);
  });

  it('answers 429 when more writes wait than may, and has exactly those that it acknowledged', async () => {
    let [refused, accepted] = [0, 0];
    for (let round = 0; round < 20 && refused === 0; round++) {
      const answers = await Promise.all(
        Array.from({ length: 200 }, () =>
          request(node, 'POST', '/pressed/_doc', { text: 'word '.repeat(2_000) }),
        ),
      );
      for (const { status } of answers) {
        expect([201, 429]).toContain(status);
        if (status === 429) refused++;
        else accepted++;
      }
    }
    expect(refused).toBeGreaterThan(0);
    await request(node, 'POST', '/pressed/_refresh');
    const { body } = await request<{ count: number }>(node, 'GET', '/pressed/_count');
    expect(body.count).toBe(accepted);
  });

  it('answers nothing while frozen, and what was asked then once it goes on', async () => {
    await node.pause();
    const asked = request(node, 'GET', '/');
    const answered = asked.then(() => true);
    const waited = new Promise<boolean>((resolve) => setTimeout(resolve, 1_500, false));
    expect(await Promise.race([answered, waited])).toBe(false);
    await node.resume();
    expect((await asked).status).toBe(200);
  });

  it('keeps its data over a crash and a restart on the same port', async () => {
    const { pid, url } = node;
    await node.kill();
    expect(node.pid).toBeUndefined();
    expect(isAlive(pid)).toBe(false);
    await expect(fetch(url)).rejects.toThrow();
    await node.restart();
    expect(node.url).toBe(url);
    expect(node.pid).not.toBe(pid);
    expect(await search('first', { match_all: {} })).toEqual([{ topic: 'orders', partition: 3 }]);
    await expect(node.start()).rejects.toMatchObject({ code: 'KOPS_REFUSED' });
  });

  it('is gone after stop, with all it wrote', async () => {
    const { pid, url, logFile, dataDirectory } = node;
    expect(isAlive(pid)).toBe(true);
    expect(existsSync(dataDirectory)).toBe(true);
    await node.stop();
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(dirname(logFile))).toBe(false);
    expect(existsSync(dataDirectory)).toBe(false);
    await expect(fetch(url)).rejects.toThrow();
  });
});
