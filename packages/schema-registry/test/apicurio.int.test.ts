import { KopsError } from '@kops/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectSchemaRegistry } from '../src/index.ts';
import { ensureApicurio, startApicurio, type Apicurio } from './apicurio.ts';
import { exactly, schemaIdOf, schemas, vectors, withSchemaId } from './vectors.ts';

let apicurio: Apicurio;
let missing: string | undefined;
/** Ids of this registry by those of the vectors. */
const ids = new Map<number, number>();

beforeAll(async () => {
  const installation = await ensureApicurio().catch((error: unknown) => {
    if (KopsError.is(error, 'KOPS_SANDBOX_UNAVAILABLE')) return error.message;
    throw error;
  });
  if (typeof installation === 'string') {
    missing = installation;
    return;
  }
  apicurio = await startApicurio(installation);
  for (const { id, subject, unregistered, ...schema } of schemas)
    if (unregistered !== true) ids.set(id, await register(subject, schema));
}, 900_000);

beforeEach(({ skip }) => {
  if (missing !== undefined) skip(missing);
});

afterAll(async () => {
  if (missing === undefined) await apicurio[Symbol.asyncDispose]();
});

async function register(subject: string, schema: unknown): Promise<number> {
  const response = await fetch(`${apicurio.url}/subjects/${subject}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify(schema),
    signal: AbortSignal.timeout(30_000),
  });
  const body = (await response.json()) as { id?: number };
  if (body.id === undefined) throw new Error(`${subject}: ${JSON.stringify(body)}`);
  return body.id;
}

const registered = vectors.filter((vector) => vector.name !== 'protobuf groups and extensions');
const first = registered[0];

/** The bytes with the id that their schema has here. */
function bytesOf(vector: (typeof vectors)[number] | undefined): Buffer {
  if (vector === undefined) throw new Error('no vector');
  return withSchemaId(vector.bytes, ids.get(schemaIdOf(vector)) ?? -1);
}

describe('Apicurio Registry', () => {
  it('has the schemas of all bytes that foreign serializers wrote', async () => {
    await using registry = connectSchemaRegistry({ url: apicurio.url });
    expect(registered.length).toBeGreaterThan(35);
    for (const vector of registered) {
      const decoded = await registry.decode(bytesOf(vector));
      expect({ [vector.name]: exactly(decoded?.json ?? 'null') }).toEqual({
        [vector.name]: exactly(vector.json),
      });
    }
    expect(registry.counts).toMatchObject({ decoded: registered.length, malformed: 0 });
  });

  it('does not know every id', async () => {
    await using registry = connectSchemaRegistry({ url: apicurio.url });
    expect(await registry.decode(withSchemaId(bytesOf(first), 999_999))).toBeUndefined();
    expect(registry.counts.unknownSchema).toBe(1);
  });

  it('is told from another path of the same server', async () => {
    await using registry = connectSchemaRegistry({ url: new URL('/wrong', apicurio.url).href });
    await expect(registry.decode(bytesOf(first))).rejects.toMatchObject({ code: 'KOPS_CONFIG' });
  });

  it('is asked with TLS, if its authority is known', async () => {
    const { secureUrl: url, caFile } = apicurio;
    await using registry = connectSchemaRegistry({ url, caFile });
    expect(await registry.decode(bytesOf(first))).toMatchObject({ format: 'avro' });
    await using stranger = connectSchemaRegistry({ url });
    await expect(stranger.decode(bytesOf(first))).rejects.toMatchObject({
      code: 'KOPS_CONFIG',
      hint: expect.stringContaining('caFile') as string,
    });
  });

  it('is waited for while it stands still, and found dead', async () => {
    const settings = { url: apicurio.url, requestTimeoutMs: 1000 };
    await using registry = connectSchemaRegistry(settings);
    const unreachable = { code: 'KOPS_SCHEMA_REGISTRY_UNREACHABLE', retryable: true };
    apicurio.process.signal('SIGSTOP');
    await expect(registry.decode(bytesOf(first))).rejects.toMatchObject(unreachable);
    apicurio.process.signal('SIGCONT');
    expect(await registry.decode(bytesOf(first))).toMatchObject({ format: 'avro' });
    apicurio.process.killAll();
    await apicurio.process.exited;
    // What is known is decoded without it.
    expect(await registry.decode(bytesOf(first))).toMatchObject({ format: 'avro' });
    await expect(registry.decode(bytesOf(registered.at(-1)))).rejects.toMatchObject(unreachable);
  });
});
