import type protobuf from 'protobufjs';
import { ByteCursor } from '../byte-cursor.ts';
import type { Decoder } from '../decoder.ts';
import { malformed } from '../undecodable.ts';
import { readMessagePath } from './message-path.ts';
import { MessagePrinter } from './message-printer.ts';
import { messagesOf, parseProtoFiles, type ImportedFile } from './proto-files.ts';
import { specialForm } from './special-forms.ts';

/**
 * Prepares the decoding of a schema, of every message in it.
 * @throws Error for what is no schema, or has fields of types that are nowhere.
 */
export function compileProtobuf(schema: string, imports: readonly ImportedFile[]): Decoder {
  const { root, messages } = parseProtoFiles(schema, imports);
  const printers = new Map<protobuf.Type, MessagePrinter>();
  const printerOf = (type: protobuf.Type): MessagePrinter => {
    const known = printers.get(type);
    if (known !== undefined) return known;
    const printer = new MessagePrinter(specialForm(type, root, printerOf));
    printers.set(type, printer);
    try {
      printer.plan(type, printerOf);
    } catch (error) {
      printers.delete(type);
      throw error;
    }
    return printer;
  };
  for (const type of withNested(messages)) printerOf(type);
  return {
    format: 'protobuf',
    decode(payload, effort) {
      const cursor = new ByteCursor(payload, effort);
      const type = messageAt(messages, readMessagePath(cursor));
      return printerOf(type).print(cursor.rest(), effort);
    },
  };
}

function withNested(types: readonly protobuf.Type[]): protobuf.Type[] {
  return types.flatMap((type) => [type, ...withNested(messagesOf(type))]);
}

function messageAt(messages: readonly protobuf.Type[], path: readonly number[]): protobuf.Type {
  let among = messages;
  let found: protobuf.Type | undefined;
  for (const index of path) {
    found = among[index] ?? malformed('a message that the schema does not have');
    among = messagesOf(found);
  }
  return found ?? malformed('a path to no message');
}
