import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { basicAuthorization, sandboxElasticsearch } from '../src/index.ts';

const elasticsearch = sandboxElasticsearch({ beforeAll, afterAll, beforeEach });

async function ask(method: string, path: string, content?: object): Promise<unknown> {
  const { url, credentials } = elasticsearch();
  const response = await fetch(url + path, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(credentials === undefined ? {} : { authorization: basicAuthorization(credentials) }),
    },
    ...(content === undefined ? {} : { body: JSON.stringify(content) }),
  });
  expect(response.ok, `${method} ${path}: ${String(response.status)}`).toBe(true);
  return await response.json();
}

it('a test file has an Elasticsearch, and names of its own in it', async () => {
  const { indexPrefix } = elasticsearch();
  expect(indexPrefix).toMatch(/^kops-test-[0-9a-f]{8}-$/);
  await ask('PUT', `/${indexPrefix}a/_doc/1?refresh=true`, { topic: 'orders' });
  await ask('PUT', `/_index_template/${indexPrefix}t`, { index_patterns: [`${indexPrefix}b*`] });
  expect(await ask('GET', `/${indexPrefix}*/_search`)).toMatchObject({
    hits: { total: { value: 1 }, hits: [{ _source: { topic: 'orders' } }] },
  });
  expect(await ask('GET', `/${indexPrefix}*/_search?q=topic:payments`)).toMatchObject({
    hits: { total: { value: 0 } },
  });
});
