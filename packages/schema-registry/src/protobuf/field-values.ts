import { ByteCursor } from '../byte-cursor.ts';
import type { Effort } from '../effort.ts';
import type { FieldPlan, ValuePlan } from './field-plan.ts';
import { readDelimited, wireTypes, type Scalar } from './scalars.ts';
import { readGroup, readTag, skipField, type Tag } from './wire-fields.ts';

const nothing = Buffer.alloc(0);

/** What was read of a field so far. */
export class FieldValues {
  readonly #plan: FieldPlan;
  /** Scalars as JSON. */
  readonly #texts: string[] = [];
  /** Messages, and entries of maps; not copied. */
  readonly #slices: Buffer[] = [];

  constructor(plan: FieldPlan) {
    this.#plan = plan;
  }

  /** Reads one occurrence. One that lies otherwise than its type is none that the schema knows: false. */
  read(cursor: ByteCursor, tag: Tag): boolean {
    const { value, shape } = this.#plan;
    if (shape === 'map' || value.kind === 'message') {
      const slice = readSlice(cursor, tag);
      if (slice !== undefined) this.#slices.push(slice);
      return slice !== undefined;
    }
    const { scalar } = value;
    if (tag.wireType === scalar.wireType) {
      // The last one counts.
      if (shape === 'single') this.#texts.length = 0;
      this.#texts.push(readScalar(cursor, scalar));
      return true;
    }
    if (shape === 'repeated' && tag.wireType === wireTypes.bytes) {
      const packed = new ByteCursor(readDelimited(cursor), cursor.effort);
      while (packed.remaining > 0) this.#texts.push(readScalar(packed, scalar));
      return this.#texts.length > 0;
    }
    skipField(cursor, tag);
    return false;
  }

  /** The field as JSON. */
  text(effort: Effort): string {
    const { shape, value, mapKey } = this.#plan;
    effort.payFor(this.#plan.label.length + 2);
    if (shape === 'map') return mapText(this.#slices, mapKey, value, effort);
    if (shape === 'single')
      return value.kind === 'scalar'
        ? (this.#texts[0] ?? value.scalar.absent)
        : value.printer.print(joined(this.#slices), effort);
    const items =
      value.kind === 'scalar'
        ? this.#texts
        : this.#slices.map((slice) => value.printer.print(slice, effort));
    return `[${items.join(',')}]`;
  }
}

function readScalar(cursor: ByteCursor, scalar: Scalar): string {
  return cursor.effort.pay(scalar.read(cursor));
}

function readSlice(cursor: ByteCursor, tag: Tag): Buffer | undefined {
  if (tag.wireType === wireTypes.bytes) return readDelimited(cursor);
  if (tag.wireType === wireTypes.startGroup) return readGroup(cursor, tag.number);
  skipField(cursor, tag);
  return undefined;
}

/** Parts of one message are one message: what the later ones have is added. */
function joined(slices: readonly Buffer[]): Buffer {
  return slices.length === 1 ? (slices[0] ?? nothing) : Buffer.concat(slices);
}

function mapText(
  slices: readonly Buffer[],
  mapKey: Scalar,
  value: ValuePlan,
  effort: Effort,
): string {
  const entries = new Map<string, string>();
  for (const slice of slices) {
    const entry = readEntry(new ByteCursor(slice, effort), mapKey, value);
    // Keys of JSON are texts; of two that are the same the last one counts.
    entries.set(entry.key.startsWith('"') ? entry.key : `"${entry.key}"`, entry.value);
  }
  return `{${[...entries].map(([key, text]) => `${key}:${text}`).join(',')}}`;
}

/** An entry of a map lies there as a message with the fields 1 and 2. */
function readEntry(
  cursor: ByteCursor,
  mapKey: Scalar,
  value: ValuePlan,
): { key: string; value: string } {
  let key = mapKey.absent;
  let text: string | undefined;
  const slices: Buffer[] = [];
  cursor.effort.payFor(4);
  while (cursor.remaining > 0) {
    const tag = readTag(cursor);
    const isValue = tag.number === 2;
    if (tag.number === 1 && tag.wireType === mapKey.wireType) key = readScalar(cursor, mapKey);
    else if (isValue && value.kind === 'message') slices.push(readSlice(cursor, tag) ?? nothing);
    else if (isValue && value.kind === 'scalar' && tag.wireType === value.scalar.wireType)
      text = readScalar(cursor, value.scalar);
    else skipField(cursor, tag);
  }
  if (value.kind === 'message')
    return { key, value: value.printer.print(joined(slices), cursor.effort) };
  return { key, value: text ?? value.scalar.absent };
}
