import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { showNow } from './feed-catalog.ts';

let server: Server;
let refreshes: number;
let refusals: { readonly times: number; readonly status: number };

/** A server that refuses refreshes at will: a real one does so only under a load that is hard to time. */
beforeEach(async () => {
  refreshes = 0;
  server = createServer(({ url = '' }, response) => {
    const isRefresh = url.includes('/_refresh');
    if (isRefresh) refreshes++;
    const isRefused = isRefresh && refreshes <= refusals.times;
    response.writeHead(isRefused ? refusals.status : 200, {
      'content-type': 'application/vnd.elasticsearch+json;compatible-with=9',
      'x-elastic-product': 'Elasticsearch',
    });
    response.end(
      JSON.stringify({ name: 'fake', cluster_name: 'fake', version: { number: '9.0.0' } }),
    );
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
});
afterEach(() => {
  server.close().closeAllConnections();
});

const show = (written: number) =>
  showNow(
    {
      elasticsearch: {
        node: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
      },
    },
    { created: written, updated: 0 },
    AbortSignal.timeout(20_000),
  );

describe('showing what was written', () => {
  it('gives a server that is overloaded some time', async () => {
    refusals = { times: 2, status: 429 };
    await show(1);
    expect(refreshes).toBe(3);
  });

  it('ends at once with an error that no time mends', async () => {
    refusals = { times: 2, status: 403 };
    await expect(show(1)).rejects.toMatchObject({ code: 'KOPS_ACCESS_DENIED' });
    expect(refreshes).toBe(1);
  });

  it('asks for nothing when nothing was written', async () => {
    refusals = { times: 0, status: 429 };
    await show(0);
    expect(refreshes).toBe(0);
  });
});
