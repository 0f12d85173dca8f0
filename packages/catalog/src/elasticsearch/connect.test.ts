import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { KopsError } from '@kops/core';
import { afterEach, describe, expect, it } from 'vitest';
import { connectElasticsearch } from './connect.ts';
import { planConnection, type ElasticsearchSettings } from './settings.ts';

const running: HttpServer[] = [];
afterEach(() => {
  for (const server of running.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(answer: Answer): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  running.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

const say =
  (status: number, body: unknown, product = 'Elasticsearch'): Answer =>
  (_, response) => {
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(product === '' ? {} : { 'x-elastic-product': product }),
    });
    response.end(JSON.stringify(body));
  };
const info = (number: string) => say(200, { name: 'n', cluster_name: 'c', version: { number } });
const failure = (status: number, type: string, reason: string) =>
  say(status, { error: { type, reason, root_cause: [{ type, reason }] }, status });

const secret = 'canary-S3cret/+=';

const cloudIdOf = (parts: string): string => `deployment:${Buffer.from(parts).toString('base64')}`;

async function failureOf(
  answer: Answer | string,
  settings: ElasticsearchSettings = {},
): Promise<KopsError> {
  const node = typeof answer === 'string' ? answer : await serve(answer);
  const thrown: unknown = await connectElasticsearch({
    node,
    username: 'u',
    password: secret,
    requestTimeoutMs: 300,
    ...settings,
  }).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!KopsError.is(thrown)) throw new Error(`no KopsError: ${inspect(thrown)}`);
  return thrown;
}

describe('connectElasticsearch', () => {
  it('takes a server of version 9 or later, and says who asks', async () => {
    let authorization: string | undefined;
    const node = await serve((request, response) => {
      authorization = request.headers.authorization;
      info('9.4.3')(request, response);
    });
    await using catalog = await connectElasticsearch({
      node: node.replace('//', `//u:${encodeURIComponent(secret)}@`),
    });
    expect(catalog.label).toBe(node);
    expect(authorization).toBe(`Basic ${Buffer.from(`u:${secret}`).toString('base64')}`);
  });

  it.each<[string, Answer, string, number, RegExp]>([
    ['an older version', info('8.19.0'), 'KOPS_ELASTICSEARCH_UNSUPPORTED', 12, /version 8\.19\.0/],
    [
      'a server that does not know the client',
      failure(400, 'media_type_header_exception', 'Invalid media-type value on headers [Accept]'),
      'KOPS_ELASTICSEARCH_UNSUPPORTED',
      12,
      /media-type/,
    ],
    [
      'another product',
      say(200, { version: { number: '9.0.0' } }, ''),
      'KOPS_ELASTICSEARCH_UNSUPPORTED',
      12,
      /the server is not Elasticsearch/,
    ],
    [
      'a wrong password',
      failure(401, 'security_exception', `unable to authenticate user [u] with ${secret}`),
      'KOPS_ACCESS_DENIED',
      31,
      /unable to authenticate/,
    ],
    [
      'a server that is starting',
      failure(503, 'cluster_block_exception', 'not ready'),
      'KOPS_ELASTICSEARCH_UNREACHABLE',
      30,
      /not ready/,
    ],
    [
      'a server that never answers',
      () => undefined,
      'KOPS_ELASTICSEARCH_UNREACHABLE',
      30,
      /cannot be asked for its version/,
    ],
    [
      'a server that hangs up',
      (_, response) => void response.destroy(),
      'KOPS_ELASTICSEARCH_UNREACHABLE',
      30,
      /cannot be asked/,
    ],
    [
      'an answer that is not JSON',
      (_, response) =>
        void response.writeHead(502, { 'content-type': 'text/html' }).end('<html>proxy</html>'),
      'KOPS_ELASTICSEARCH_UNREACHABLE',
      30,
      /proxy/,
    ],
  ])('says what is wrong with %s, and no secret', async (_, answer, code, exitCode, message) => {
    const error = await failureOf(answer);
    expect(error).toMatchObject({ code, exitCode });
    expect(error.message).toMatch(message);
    expect(error.hint).toBeTruthy();
    const encoded = Buffer.from(`u:${secret}`).toString('base64');
    const everything = inspect(error, { depth: 30, showHidden: true }) + JSON.stringify(error);
    for (const text of [secret, encoded, encodeURIComponent(secret)])
      expect(everything).not.toContain(text);
  });

  it('says that nothing listens, without the password in the address', async () => {
    const node = await serve(info('9.4.3'));
    const [server] = running.splice(0);
    await new Promise((resolve) => server?.close(resolve));
    const error = await failureOf(node.replace('//', `//u:${encodeURIComponent(secret)}@`), {});
    expect(error).toMatchObject({ code: 'KOPS_ELASTICSEARCH_UNREACHABLE', retryable: true });
    expect(error.message).toContain(node);
    expect(inspect(error, { depth: 30, showHidden: true })).not.toContain('canary');
  });

  it('goes to the host that a cloud id stands for', async () => {
    const cloudId = cloudIdOf('region.invalid:9243$es-id$kibana-id');
    const thrown: unknown = await connectElasticsearch({
      ...{ cloudId, apiKey: secret, requestTimeoutMs: 5000 },
    }).catch((error: unknown) => error);
    expect(thrown).toMatchObject({
      code: 'KOPS_ELASTICSEARCH_UNREACHABLE',
      // The first is what kops makes of the id, the second where the client went.
      message: expect.stringMatching(
        /^Elasticsearch at https:\/\/es-id\.region\.invalid:9243 .* es-id\.region\.invalid/,
      ),
    });
    expect(inspect(thrown, { depth: 30 })).not.toContain('canary');
  });

  it('names the privilege that is missing', async () => {
    const reason =
      'action [indices:data/write/bulk[s]] is unauthorized for API key id [x] of user [u] on indices [kops-events], this action is granted by the index privileges [create_doc,create,index,write,all]';
    const error = await failureOf(failure(403, 'security_exception', reason));
    expect(error).toMatchObject({
      code: 'KOPS_ACCESS_DENIED',
      hint: expect.stringContaining('create_doc, create, index, write, all'),
    });
  });
});

describe('settings', () => {
  it.each<[string, ElasticsearchSettings, RegExp]>([
    ['no node', {}, /needs a node or a cloud id/],
    ['a node and a cloud id', { node: 'https://a', cloudId: 'x' }, /not both/],
    ['a cloud id without a name', { cloudId: 'bm9uZQ==' }, /cloud id .* cannot be read/],
    ['a cloud id that is no Base64', { cloudId: 'canary:a!b' }, /cloud id .* cannot be read/],
    ['a cloud id of a host alone', { cloudId: cloudIdOf('host') }, /cannot be read/],
    ['a cloud id without a host', { cloudId: cloudIdOf('$id$id') }, /cannot be read/],
    ['a cloud id of an odd host', { cloudId: cloudIdOf('a b$id$id') }, /cannot be read/],
    ['no URL', { node: `canary ${secret}` }, /is no URL/],
    ['another protocol', { node: 'ftp://a' }, /is no URL/],
    [
      'plain http to another host',
      { node: `http://u:${encodeURIComponent(secret)}@es.example.com:9200` },
      /http:\/\/es\.example\.com:9200 is plain http/,
    ],
    ['a name that only looks local', { node: 'http://127.0.0.1.example.com' }, /plain http/],
    ['a user without a password', { node: 'https://a', username: 'u' }, /a name and a password/],
    [
      'a user and an API key',
      { node: 'https://a', username: 'u', password: secret, apiKey: 'k' },
      /not both/,
    ],
    [
      'a file that is not there',
      { node: 'https://a', caFile: '/nowhere/ca.pem' },
      /cannot read \/nowhere\/ca\.pem/,
    ],
    [
      'a prefix that is none',
      { node: 'https://a', prefix: 'kops-x' },
      /'kops-x' is not a valid index name prefix/,
    ],
  ])('are refused with %s', async (_, settings, message) => {
    const error: unknown = await planConnection(settings).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'KOPS_CONFIG', message: expect.stringMatching(message) });
    expect(inspect(error, { depth: 30 })).not.toContain('canary');
  });

  it('allow plain http to this host, and to others if asked', async () => {
    for (const node of [
      'http://localhost:9200',
      'http://127.0.0.1:1',
      'http://[::1]:9200',
      'https://es.example.com',
    ])
      expect((await planConnection({ node })).nodes).toEqual([node]);
    expect(
      (await planConnection({ node: 'http://es.example.com', allowInsecure: true })).nodes,
    ).toEqual(['http://es.example.com']);
  });

  it('check certificates unless told otherwise', async () => {
    const tls = async (settings: ElasticsearchSettings) =>
      (await planConnection({ node: 'https://a', ...settings })).tls;
    expect(await tls({})).toEqual({ rejectUnauthorized: true });
    expect(await tls({ tlsVerification: 'none' })).toEqual({ rejectUnauthorized: false });
    expect(await tls({ tlsVerification: 'certificate' })).toEqual({
      rejectUnauthorized: true,
      checkServerIdentity: expect.any(Function),
    });
    expect(await tls({ caFile: import.meta.filename })).toMatchObject({
      ca: expect.stringContaining('check certificates'),
    });
  });
});
