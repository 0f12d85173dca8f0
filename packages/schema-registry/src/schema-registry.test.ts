import { KopsError, type Clock } from '@kops/core';
import { describe, expect, it } from 'vitest';
import { FakeSchemaRegistry, sendJson, type FakeSchema } from '../test/fake-schema-registry.ts';
import { connectSchemaRegistry, type SchemaRegistrySettings } from './index.ts';

const avro = (
  id: number,
  schema: unknown,
  references: FakeSchema['references'] = [],
): FakeSchema => ({
  id,
  subject: `s${id}`,
  schemaType: 'AVRO',
  schema: JSON.stringify(schema),
  references,
});

/** Bytes in the wire format. */
function wire(id: number, ...payload: number[]): Buffer {
  const bytes = Buffer.from([0, 0, 0, 0, 0, ...payload]);
  bytes.writeInt32BE(id, 1);
  return bytes;
}

async function start(
  schemas: FakeSchema[],
  settings: Partial<SchemaRegistrySettings> = {},
  options: Parameters<typeof connectSchemaRegistry>[1] = {},
) {
  const fake = await FakeSchemaRegistry.start(schemas);
  const registry = connectSchemaRegistry({ url: fake.url, ...settings }, options);
  return {
    fake,
    registry,
    async [Symbol.asyncDispose]() {
      await registry.close();
      await fake[Symbol.asyncDispose]();
    },
  };
}

async function failureOf(work: Promise<unknown>): Promise<KopsError> {
  const error: unknown = await work.then(
    () => new Error('did not fail'),
    (thrown: unknown) => thrown,
  );
  if (!KopsError.is(error)) throw error;
  return error;
}

const long = [avro(1, 'long')];

describe('what is not decoded', () => {
  it('is undefined, with its reason in the counts', async () => {
    await using parts = await start([...long, avro(2, { type: 'record', name: 'Broken' })]);
    const { registry, fake } = parts;
    const cases: [Uint8Array, string][] = [
      [Buffer.of(), 'notWireFormat'],
      [Buffer.from('{"a":1}'), 'notWireFormat'],
      [Buffer.of(0, 0, 0, 1), 'notWireFormat'],
      [Buffer.of(1, 0, 0, 0, 1, 2), 'notWireFormat'],
      [wire(0, 2), 'unknownSchema'],
      [wire(-1, 2), 'unknownSchema'],
      [wire(7, 2), 'unknownSchema'],
      [wire(2, 2), 'unusableSchema'],
      [wire(1), 'malformed'],
      [wire(1, 0x80), 'malformed'],
      [wire(1, 2, 2), 'malformed'],
    ];
    for (const [bytes, reason] of cases) {
      const before = { ...registry.counts };
      expect(await registry.decode(bytes)).toBeUndefined();
      expect(registry.counts).toEqual({ ...before, [reason]: before[reason as 'malformed'] + 1 });
    }
    expect(await registry.decode(wire(1, 2))).toEqual({ json: '1', format: 'avro', schemaId: 1 });
    expect(registry.counts.decoded).toBe(1);
    // Ids that no registry gives are not asked for.
    expect(fake.asked).toEqual(['/schemas/ids/7', '/schemas/ids/2', '/schemas/ids/1']);
  });

  it('is an unusable schema where one that it refers to is not there', async () => {
    const references = [{ name: 'x.Y', subject: 'gone', version: 1 }];
    await using parts = await start([avro(1, 'long', references)]);
    expect(await parts.registry.decode(wire(1, 2))).toBeUndefined();
    expect(parts.registry.counts.unusableSchema).toBe(1);
  });

  it('is an unusable schema of an unknown kind', async () => {
    await using parts = await start([{ ...avro(1, 'long'), schemaType: 'XML' }]);
    expect(await parts.registry.decode(wire(1, 2))).toBeUndefined();
    expect(parts.registry.counts.unusableSchema).toBe(1);
  });
});

describe('schemas', () => {
  it('are asked for once, also when many records wait for one', async () => {
    await using parts = await start(long);
    const { registry, fake } = parts;
    const decoded = await Promise.all(
      Array.from({ length: 50 }, () => registry.decode(wire(1, 3))),
    );
    expect(decoded.map((one) => one?.json)).toEqual(Array.from({ length: 50 }, () => '-2'));
    await registry.decode(wire(1, 2));
    expect(fake.asked).toHaveLength(1);
  });

  it('are kept up to a number, those that were used last', async () => {
    await using parts = await start(
      [1, 2, 3].map((id) => avro(id, 'int')),
      { maxSchemas: 2 },
    );
    for (const id of [1, 2, 1, 3, 1]) await parts.registry.decode(wire(id, 2));
    expect(parts.fake.asked).toHaveLength(3);
    await parts.registry.decode(wire(2, 2));
    expect(parts.fake.asked.at(-1)).toBe('/schemas/ids/2');
    expect(parts.fake.asked).toHaveLength(4);
  });

  it('that are unknown are asked for again after a while', async () => {
    let time = 0;
    const clock: Clock = { now: () => 0, monotonic: () => time, sleep: async () => undefined };
    await using parts = await start([], { unknownForMs: 1000 }, { clock });
    const { registry, fake } = parts;
    await registry.decode(wire(1, 2));
    await registry.decode(wire(1, 2));
    expect(fake.asked).toHaveLength(1);
    fake.schemas.push(...long);
    time = 999;
    expect(await registry.decode(wire(1, 2))).toBeUndefined();
    time = 1000;
    expect((await registry.decode(wire(1, 2)))?.json).toBe('1');
    expect(fake.asked).toHaveLength(2);
  });

  it('are asked for a few at a time', async () => {
    await using parts = await start(
      Array.from({ length: 20 }, (_, id) => avro(id + 1, 'int')),
      { maxRequests: 3 },
    );
    let open = 0;
    let most = 0;
    parts.fake.misbehave = (_, response) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open--;
        sendJson(response, 200, { schema: '"int"' });
      }, 5);
    };
    const ids = Array.from({ length: 20 }, (_, id) => id + 1);
    await Promise.all(ids.map((id) => parts.registry.decode(wire(id, 2))));
    expect(parts.registry.counts.decoded).toBe(20);
    expect(most).toBe(3);
  });

  it('that refer to each other end the search', async () => {
    const to = (subject: string) => [{ name: subject, subject, version: 1 }];
    await using parts = await start([avro(1, 'long', to('s2')), avro(2, 'int', to('s1'))]);
    expect((await parts.registry.decode(wire(1, 2)))?.json).toBe('1');
    expect(parts.fake.asked).toHaveLength(3);
  });

  it('that refer to too many others are unusable', async () => {
    await using parts = await start([avro(1, 'long', [{ name: 'n', subject: 'c0', version: 1 }])]);
    let next = 1;
    parts.fake.misbehave = (_, response) => {
      const references = [{ name: `n${next}`, subject: `c${next++}`, version: 1 }];
      sendJson(response, 200, { schema: '"int"', references });
    };
    expect(await parts.registry.decode(wire(1, 2))).toBeUndefined();
    expect(parts.registry.counts.unusableSchema).toBe(1);
    expect(parts.fake.asked).toHaveLength(201);
  });
});

describe('a registry that fails', () => {
  it.each([500, 502, 503, 429, 408])('with status %i may be better later', async (status) => {
    await using parts = await start(long);
    parts.fake.misbehave = (_, response) => sendJson(response, status, null);
    const error = await failureOf(parts.registry.decode(wire(1, 2)));
    expect([error.code, error.retryable]).toEqual(['KOPS_SCHEMA_REGISTRY_UNREACHABLE', true]);
    parts.fake.misbehave = undefined;
    expect((await parts.registry.decode(wire(1, 2)))?.json).toBe('1');
  });

  it.each([
    [401, { message: 'who?' }, 'KOPS_ACCESS_DENIED'],
    [403, {}, 'KOPS_ACCESS_DENIED'],
    [404, { error_code: 404, message: 'HTTP 404 Not Found' }, 'KOPS_CONFIG'],
    [404, null, 'KOPS_CONFIG'],
    [301, '', 'KOPS_CONFIG'],
    [200, { hello: 'world' }, 'KOPS_CONFIG'],
    [200, 'no object', 'KOPS_CONFIG'],
    [200, { schema: '"long"', references: [{}] }, 'KOPS_CONFIG'],
  ])('with status %i and %j is an error of its own', async (status, body, code) => {
    await using parts = await start(long);
    parts.fake.misbehave = (_, response) => sendJson(response, status, body);
    const error = await failureOf(parts.registry.decode(wire(1, 2)));
    expect([error.code, error.retryable]).toEqual([code, false]);
    expect(error.hint).toBeDefined();
  });

  it('by not being there may be there later', async () => {
    const fake = await FakeSchemaRegistry.start(long);
    const { url } = fake;
    await fake[Symbol.asyncDispose]();
    await using registry = connectSchemaRegistry({ url, username: 'u', password: 'geheim' });
    const error = await failureOf(registry.decode(wire(1, 2)));
    expect(error.code).toBe('KOPS_SCHEMA_REGISTRY_UNREACHABLE');
    expect(error.message).toContain(url);
    expect(`${error.message} ${String(error.stack)} ${String(error.cause)}`).not.toContain(
      'geheim',
    );
  });

  it('by never answering does so after the deadline, and the connection ends', async () => {
    await using parts = await start(long, { requestTimeoutMs: 50 });
    const closed = new Promise((resolve) => {
      parts.fake.misbehave = (request) => void request.socket.once('close', resolve);
    });
    const error = await failureOf(parts.registry.decode(wire(1, 2)));
    expect(error.code).toBe('KOPS_SCHEMA_REGISTRY_UNREACHABLE');
    expect(error.message).toMatch(/within 50 ms/);
    await closed;
  });

  it('by breaking off in its answer is found out before the deadline', async () => {
    await using parts = await start(long, { requestTimeoutMs: 60_000 });
    parts.fake.misbehave = (_, response) => {
      response.write('{"schema":');
      setTimeout(() => response.destroy(), 10);
    };
    const error = await failureOf(parts.registry.decode(wire(1, 2)));
    expect(error.code).toBe('KOPS_SCHEMA_REGISTRY_UNREACHABLE');
  });

  it('by an endless answer is not listened to', async () => {
    await using parts = await start(long);
    parts.fake.misbehave = (_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, ' ')));
      };
      response.on('drain', more);
      more();
    };
    const error = await failureOf(parts.registry.decode(wire(1, 2)));
    expect([error.code, error.message]).toEqual([
      'KOPS_CONFIG',
      expect.stringContaining('4194304 bytes'),
    ]);
  });

  it('is not waited for once the caller gives up', async () => {
    const stop = new AbortController();
    await using parts = await start(long, {}, { signal: stop.signal });
    parts.fake.misbehave = () => stop.abort();
    expect((await failureOf(parts.registry.decode(wire(1, 2)))).code).toBe('KOPS_INTERRUPTED');
    expect((await failureOf(parts.registry.decode(wire(1, 2)))).code).toBe('KOPS_INTERRUPTED');
  });

  it('is not waited for once it is closed', async () => {
    await using parts = await start(long);
    const asked = new Promise<void>((resolve) => (parts.fake.misbehave = () => resolve()));
    const waiting = failureOf(parts.registry.decode(wire(1, 2)));
    await asked;
    await parts.registry.close();
    expect((await waiting).code).toBe('KOPS_INTERRUPTED');
  });
});

describe('settings', () => {
  it('log in, with the user of the URL too', async () => {
    await using fake = await FakeSchemaRegistry.start(long);
    const expected = `Basic ${Buffer.from('kops:p@ss:word').toString('base64')}`;
    const inUrl = fake.url.replace('//', '//kops:p%40ss%3Aword@');
    for (const settings of [
      { url: `${fake.url}/`, username: 'kops', password: 'p@ss:word' },
      { url: inUrl },
    ]) {
      await using registry = connectSchemaRegistry(structuredClone(settings));
      expect((await registry.decode(wire(1, 2)))?.json).toBe('1');
    }
    expect(fake.authorizations).toEqual([expected, expected]);
    await using nobody = connectSchemaRegistry({ url: fake.url });
    await nobody.decode(wire(1, 2));
    expect(fake.authorizations[2]).toBeUndefined();
  });

  it('may have a path', async () => {
    await using parts = await start(long);
    await using registry = connectSchemaRegistry({ url: `${parts.fake.url}/apis/ccompat/v7/` });
    await registry.decode(wire(1, 2));
    expect(parts.fake.asked).toEqual(['/apis/ccompat/v7/schemas/ids/1']);
  });

  it.each([
    [{ url: 'registry:8081' }, /no URL/],
    [{ url: 'http://registry.example.com:8081' }, /plain http/],
    [{ url: 'https://r', username: 'u' }, /name and a password/],
    [{ url: 'https://r', caFile: '/nowhere/ca.pem' }, /cannot read/],
    [{ url: 'https://r', requestTimeoutMs: 0 }, /requestTimeoutMs/],
    [{ url: 'https://r', maxSchemas: Number.NaN }, /maxSchemas/],
  ])('%j are refused', (settings, message) => {
    const connect = () => connectSchemaRegistry(settings);
    expect(connect).toThrow(message);
    expect(connect).toThrow(expect.objectContaining({ code: 'KOPS_CONFIG' }));
  });

  it('may allow plain http, and never repeat a password', () => {
    expect(() =>
      connectSchemaRegistry({ url: 'http://r.example.com', allowInsecure: true }),
    ).not.toThrow();
    expect(() => connectSchemaRegistry({ url: 'http://u:geheim@r.example.com' })).not.toThrow(
      /geheim/,
    );
  });
});
