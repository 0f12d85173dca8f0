/** JSON of a result: offsets and other large numbers as decimal strings, two spaces. */
export function toJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_, item: unknown) => (typeof item === 'bigint' ? item.toString() : item),
    2,
  );
}
