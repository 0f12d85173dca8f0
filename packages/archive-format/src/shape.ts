/** A value that is not of the shape it should have. */
export class ShapeError extends Error {
  readonly path: readonly PropertyKey[];

  constructor(path: readonly PropertyKey[], message: string) {
    super(message);
    this.path = path;
  }
}

/** Reads the fields of one JSON object. The path is only put together when something is wrong. */
export type Path = () => readonly PropertyKey[];

/** A field inside of a path. */
export function inside(path: Path, key: PropertyKey): Path {
  return () => [...path(), key];
}

function wrong(path: Path, expected: string): never {
  throw new ShapeError(path(), `expected ${expected}`);
}

export function asObject(value: unknown, path: Path): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  return wrong(path, 'an object');
}

export function asArray(
  value: unknown,
  path: Path,
  maxLength = Number.POSITIVE_INFINITY,
): unknown[] {
  if (!Array.isArray(value)) return wrong(path, 'an array');
  return value.length <= maxLength ? value : wrong(path, `at most ${String(maxLength)} elements`);
}

export function asString(value: unknown, path: Path, maxLength: number): string {
  return typeof value === 'string' && value.length <= maxLength
    ? value
    : wrong(path, `a string of at most ${String(maxLength)} characters`);
}

export function asPattern(value: unknown, path: Path, pattern: RegExp): string {
  return typeof value === 'string' && pattern.test(value)
    ? value
    : wrong(path, `a string like ${String(pattern)}`);
}

export function asBoolean(value: unknown, path: Path): boolean {
  return typeof value === 'boolean' ? value : wrong(path, 'a boolean');
}

export function asCount(value: unknown, path: Path): number {
  return Number.isSafeInteger(value) && (value as number) >= 0
    ? (value as number)
    : wrong(path, 'an integer of 0 or more');
}

const int64Pattern = /^(0|-?[1-9][0-9]{0,18})$/;

export function asInt64(value: unknown, path: Path): bigint {
  if (typeof value !== 'string' || !int64Pattern.test(value))
    return wrong(path, 'a decimal string of 64 bits');
  const number = BigInt(value);
  // 18 digits always fit; only longer ones can be beyond.
  return value.length < 19 || BigInt.asIntN(64, number) === number
    ? number
    : wrong(path, 'a decimal string of 64 bits');
}
