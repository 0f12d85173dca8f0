import protobuf from 'protobufjs';
import { quote } from '../json-text.ts';
import type { MessagePrinter } from './message-printer.ts';
import { enumScalar, scalarOf, type Scalar } from './scalars.ts';

/** What a value is: a scalar, or a message whose parts are read together. */
export type ValuePlan =
  | { readonly kind: 'scalar'; readonly scalar: Scalar }
  | { readonly kind: 'message'; readonly printer: MessagePrinter };

/** How a field is read. */
export interface FieldPlan {
  readonly name: string;
  /** The name as JSON, with its colon. */
  readonly label: string;
  readonly shape: 'single' | 'repeated' | 'map';
  readonly value: ValuePlan;
  /** Of a map's keys. */
  readonly mapKey: Scalar;
  /** Numbers of the other fields of which only one can be there. */
  readonly excludes: readonly number[];
}

/** Gives the printer of a message type. */
export type PrinterOf = (type: protobuf.Type) => MessagePrinter;

/**
 * Plans the fields of a message by their numbers, in the order of the schema.
 * @throws Error for a type that is nowhere.
 */
export function planFields(type: protobuf.Type, printerOf: PrinterOf): Map<number, FieldPlan> {
  return new Map(type.fieldsArray.map((field) => [field.id, planField(field, printerOf)]));
}

function planField(field: protobuf.Field, printerOf: PrinterOf): FieldPlan {
  field.resolve();
  // As Protobuf's JSON names what another place of the schema adds to a message.
  const extension = field.declaringField?.fullName.slice(1);
  const name = extension === undefined ? field.name : `[${extension}]`;
  const isMap = field instanceof protobuf.MapField;
  const members = field.partOf?.fieldsArray ?? [];
  return {
    name,
    label: `${quote(name)}:`,
    shape: isMap ? 'map' : field.repeated ? 'repeated' : 'single',
    value: planValue(field, printerOf),
    mapKey: required(scalarOf(isMap ? field.keyType : 'string'), 'key'),
    excludes: members.map(({ id }) => id).filter((id) => id !== field.id),
  };
}

function planValue({ type, resolvedType }: protobuf.Field, printerOf: PrinterOf): ValuePlan {
  if (resolvedType instanceof protobuf.Enum)
    return { kind: 'scalar', scalar: enumScalar(resolvedType.values) };
  if (resolvedType instanceof protobuf.Type)
    return { kind: 'message', printer: printerOf(resolvedType) };
  return { kind: 'scalar', scalar: required(scalarOf(type), type) };
}

function required(scalar: Scalar | undefined, type: string): Scalar {
  if (scalar === undefined) throw new Error(`no type ${type}`);
  return scalar;
}
