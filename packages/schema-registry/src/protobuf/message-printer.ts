import type protobuf from 'protobufjs';
import { ByteCursor } from '../byte-cursor.ts';
import type { Effort } from '../effort.ts';
import { quote } from '../json-text.ts';
import { planFields, type FieldPlan, type PrinterOf } from './field-plan.ts';
import { FieldValues } from './field-values.ts';
import { readTag, skipField } from './wire-fields.ts';

/** JSON texts of the fields that are there, by name, in the order of the schema. */
export type FieldTexts = ReadonlyMap<string, string>;

/** JSON of messages that have one of their own. */
export type SpecialForm = (fields: FieldTexts, effort: Effort) => string;

/** Makes JSON of the messages of a type. Fields that are not there are left out, and those that the schema does not know. */
export class MessagePrinter {
  readonly #special: SpecialForm | undefined;
  readonly #plans = new Map<number, FieldPlan>();

  constructor(special: SpecialForm | undefined) {
    this.#special = special;
  }

  /** Whether its JSON is another than an object of its fields. */
  get isSpecial(): boolean {
    return this.#special !== undefined;
  }

  /**
   * Plans the fields; not in the constructor, since messages may hold themselves.
   * @throws Error for a type that is nowhere.
   */
  plan(type: protobuf.Type, printerOf: PrinterOf): void {
    for (const [number, plan] of planFields(type, printerOf)) this.#plans.set(number, plan);
  }

  /** A message as JSON. */
  print(bytes: Buffer, effort: Effort): string {
    return effort.nested(() => {
      const fields = this.#render(this.#collect(new ByteCursor(bytes, effort)), effort);
      if (this.#special !== undefined) return effort.pay(this.#special(fields, effort));
      effort.payFor(2);
      return objectText(fields);
    });
  }

  #collect(cursor: ByteCursor): Map<number, FieldValues> {
    const found = new Map<number, FieldValues>();
    while (cursor.remaining > 0) {
      const tag = readTag(cursor);
      const plan = this.#plans.get(tag.number);
      if (plan === undefined) {
        skipField(cursor, tag);
        continue;
      }
      const values = found.get(tag.number) ?? new FieldValues(plan);
      if (!values.read(cursor, tag)) continue;
      found.set(tag.number, values);
      for (const other of plan.excludes) found.delete(other);
    }
    return found;
  }

  #render(found: ReadonlyMap<number, FieldValues>, effort: Effort): FieldTexts {
    const texts = new Map<string, string>();
    for (const [number, { name }] of this.#plans) {
      const values = found.get(number);
      if (values !== undefined) texts.set(name, values.text(effort));
    }
    return texts;
  }
}

/** Fields as a JSON object. */
export function objectText(fields: FieldTexts): string {
  return `{${[...fields].map(([name, text]) => `${quote(name)}:${text}`).join(',')}}`;
}
