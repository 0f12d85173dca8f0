import { createServer, type IncomingMessage, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseAccess, sandboxElasticsearch } from './sandbox-elasticsearch.ts';

/** Collects hooks, to run them as vitest would. */
class Hooks {
  readonly #before: (() => Promise<void>)[] = [];
  readonly #after: (() => Promise<void>)[] = [];
  readonly #each: ((test: { skip: (note?: string) => never }) => void)[] = [];
  readonly beforeAll = (hook: () => Promise<void>): void => void this.#before.push(hook);
  readonly afterAll = (hook: () => Promise<void>): void => void this.#after.push(hook);
  readonly beforeEach = (hook: (test: { skip: (note?: string) => never }) => void): void =>
    void this.#each.push(hook);

  async start(): Promise<void> {
    for (const hook of this.#before) await hook();
  }
  async end(): Promise<void> {
    for (const hook of this.#after) await hook();
  }
  /** The reason with which a test is skipped, if it is. */
  skipped(): string | undefined {
    const skip = (note?: string): never => {
      throw new Error(note);
    };
    try {
      for (const hook of this.#each) hook({ skip });
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }
}

describe('where one is named that runs', () => {
  let server: Server;
  let asked: string[];
  let url: string;
  beforeEach(async () => {
    asked = [];
    server = createServer((request: IncomingMessage, response) => {
      const { method = '', url: path = '', headers } = request;
      asked.push(`${method} ${path} ${headers.authorization ?? ''}`.trim());
      const prefix = /kops-test-[0-9a-f]{8}-/.exec(path)?.[0] ?? '';
      response.statusCode = path.startsWith('/_index_template') ? 404 : 200;
      response.end(JSON.stringify(path.startsWith('/_cat') ? [{ index: `${prefix}a` }] : {}));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('is used with its credentials and freed of what has the prefix, by name', async () => {
    const hooks = new Hooks();
    const env = { KOPS_TEST_ELASTICSEARCH: `${url.replace('//', '//me:p%40ss@')}/` };
    const elasticsearch = sandboxElasticsearch(hooks, {}, env);
    expect(elasticsearch).toThrow(/only between/);
    await hooks.start();
    expect(hooks.skipped()).toBeUndefined();
    const { indexPrefix, credentials } = elasticsearch();
    expect(elasticsearch().url).toBe(url);
    expect(credentials).toEqual({ username: 'me', password: 'p@ss' });
    expect(() => elasticsearch().node).toThrow(/not started by the tests/);
    asked.length = 0;
    await hooks.end();
    const authorization = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;
    expect(asked).toEqual([
      `GET /_cat/indices/${indexPrefix}*?format=json&h=index ${authorization}`,
      `DELETE /${indexPrefix}a ${authorization}`,
      `DELETE /_index_template/${indexPrefix}* ${authorization}`,
    ]);
  });

  it('fails rather than skips when it does not answer', async () => {
    server.close();
    server.closeAllConnections();
    const hooks = new Hooks();
    sandboxElasticsearch(hooks, {}, { KOPS_TEST_ELASTICSEARCH: url });
    await expect(hooks.start()).rejects.toMatchObject({ code: 'KOPS_USAGE' });
  });
});

describe('where none can be had', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kops-testkit-'));
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  it('every test is skipped with the reason, even where one is named but its own is asked for', async () => {
    vi.stubEnv('PATH', folder);
    vi.stubEnv('ES_JAVA_HOME', folder);
    const hooks = new Hooks();
    const env = { KOPS_TEST_ELASTICSEARCH: 'http://127.0.0.1:1' };
    const elasticsearch = sandboxElasticsearch(hooks, { exclusive: true, cacheDir: folder }, env);
    await hooks.start();
    expect(hooks.skipped()).toMatch(/^cannot start Elasticsearch here: .*JDK/);
    expect(elasticsearch).toThrow();
    await hooks.end();
  });
});

it('parseAccess refuses what is no web address', () => {
  expect(parseAccess('https://h:1/es/')).toEqual({ url: 'https://h:1/es' });
  expect(() => parseAccess('localhost:9200')).toThrow(/not a URL/);
  expect(() => parseAccess('nonsense')).toThrow(/not a URL/);
});
