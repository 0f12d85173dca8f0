import protobuf from 'protobufjs';

/** A file that a schema imports, by the name that it is imported by. */
export interface ImportedFile {
  readonly name: string;
  readonly text: string;
}

/** A parsed schema with everything that it imports. */
export interface ProtoFiles {
  readonly root: protobuf.Root;
  /** Messages of the schema itself in the order of the file, which serializers count by. */
  readonly messages: readonly protobuf.Type[];
}

/** Names stay as they are in the schema: masks are written by them. */
const parseOptions: protobuf.IParseOptions = { keepCase: true };

/**
 * Parses a schema and its imports; Google's well-known types are there without being registered.
 * @throws Error for what is no schema, or imports types that are not there.
 */
export function parseProtoFiles(schema: string, imports: readonly ImportedFile[]): ProtoFiles {
  const root = new protobuf.Root();
  const main = protobuf.parse(schema, root, parseOptions);
  // Before the imports, which may be of the same package.
  const messages = messagesOf(namespaceOf(root, main.package));
  const wanted = [...(main.imports ?? []), ...(main.weakImports ?? [])];
  for (const { text } of imports) {
    const parsed = protobuf.parse(text, root, parseOptions);
    wanted.push(...(parsed.imports ?? []), ...(parsed.weakImports ?? []));
  }
  addWellKnown(root, new Set(wanted).difference(new Set(imports.map(({ name }) => name))));
  return { root, messages };
}

/** Messages that stand directly in a file or in a message. */
export function messagesOf(parent: protobuf.NamespaceBase): protobuf.Type[] {
  return parent.nestedArray.filter((nested) => nested instanceof protobuf.Type);
}

function namespaceOf(root: protobuf.Root, name: string | undefined): protobuf.NamespaceBase {
  if (name === undefined) return root;
  const found = root.lookup(`.${name}`);
  // A package without any definition.
  return found instanceof protobuf.Namespace ? found : new protobuf.Namespace(name);
}

function addWellKnown(root: protobuf.Root, files: ReadonlySet<string>): void {
  for (const file of files) {
    const known = protobuf.common.get(file);
    // What is not known is only missed if a field is of a type in it.
    if (known?.nested !== undefined) root.addJSON(known.nested);
  }
}
