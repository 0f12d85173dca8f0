import { compileAvro } from '../avro/compile-avro.ts';
import type { Decoder } from '../decoder.ts';
import { jsonSchemaDecoder } from '../json-schema.ts';
import { compileProtobuf } from '../protobuf/compile-protobuf.ts';
import type { RegisteredSchema, RegistryClient } from './registry-client.ts';

/** Schemas that one schema refers to at most, directly or not. */
const maxReferences = 200;

/** Characters of a schema with all that it refers to at most. */
const maxSchemaCharacters = 8 * 1024 * 1024;

/** Why an id has no decoder. */
export type Undecoded = 'unknownSchema' | 'unusableSchema';

/** Gets a schema with all that it refers to, and prepares its decoding. Fails as the client does. */
export async function loadSchema(
  client: RegistryClient,
  id: number,
  signal: AbortSignal,
): Promise<Decoder | Undecoded> {
  const schema = await client.byId(id, signal);
  if (schema === undefined) return 'unknownSchema';
  if (schema.type === 'JSON') return jsonSchemaDecoder;
  const references = await loadReferences(client, schema, signal);
  if (references === undefined) return 'unusableSchema';
  try {
    return compile(schema, references);
  } catch {
    // Whatever is wrong with a schema: its records are shown as the bytes they are.
    return 'unusableSchema';
  }
}

interface NamedText {
  readonly name: string;
  readonly text: string;
}

function compile(schema: RegisteredSchema, references: readonly NamedText[]): Decoder {
  if (schema.type === 'PROTOBUF') return compileProtobuf(schema.text, references);
  if (schema.type !== 'AVRO') throw new Error(`no decoder for ${schema.type}`);
  return compileAvro(
    schema.text,
    references.map(({ text }) => text),
  );
}

/** What a schema refers to, each once, before what refers to it; undefined where something is missing or it is too much. */
async function loadReferences(
  client: RegistryClient,
  schema: RegisteredSchema,
  signal: AbortSignal,
): Promise<NamedText[] | undefined> {
  const loaded: NamedText[] = [];
  const seen = new Set<string>();
  let characters = schema.text.length;
  const visit = async ({ references }: RegisteredSchema): Promise<boolean> => {
    for (const reference of references) {
      const key = JSON.stringify([reference.subject, reference.version]);
      if (seen.has(key)) continue;
      if (seen.add(key).size > maxReferences) return false;
      const found = await client.byVersion(reference, signal);
      characters += found?.text.length ?? 0;
      if (found === undefined || characters > maxSchemaCharacters) return false;
      if (!(await visit(found))) return false;
      loaded.push({ name: reference.name, text: found.text });
    }
    return true;
  };
  return (await visit(schema)) ? loaded : undefined;
}
