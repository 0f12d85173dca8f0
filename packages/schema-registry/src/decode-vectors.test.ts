import { describe, expect, it } from 'vitest';
import { FakeSchemaRegistry } from '../test/fake-schema-registry.ts';
import { exactly, schemaIdOf, schemas, vectors } from '../test/vectors.ts';
import { connectSchemaRegistry } from './index.ts';

describe('bytes of foreign serializers', () => {
  it.each(vectors)('become the JSON of foreign readers: $name', async (vector) => {
    await using fake = await FakeSchemaRegistry.start(schemas);
    await using registry = connectSchemaRegistry({ url: fake.url });
    const decoded = await registry.decode(vector.bytes);
    expect(registry.counts).toMatchObject({ decoded: 1, malformed: 0, unusableSchema: 0 });
    expect(exactly(decoded?.json ?? 'null')).toEqual(exactly(vector.json));
    expect(decoded?.schemaId).toBe(schemaIdOf(vector));
    expect(decoded?.format).toBe(
      vector.name.split(/ schema | /)[0]?.replace('json', 'json-schema'),
    );
  });

  it('are other JSON with one bit turned, or none', async () => {
    await using fake = await FakeSchemaRegistry.start(schemas);
    await using registry = connectSchemaRegistry({ url: fake.url });
    const vector = vectors.find(({ name }) => name === 'protobuf numbers, most');
    const bytes = Buffer.from(vector?.bytes ?? []);
    bytes[8] = (bytes[8] ?? 0) ^ 1;
    const decoded = await registry.decode(bytes);
    expect(exactly(decoded?.json ?? 'null')).not.toEqual(exactly(vector?.json ?? 'null'));
  });
});
