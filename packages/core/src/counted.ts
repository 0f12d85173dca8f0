/** `1 topic`, `2 topics`: a number with its noun in the right form. */
export function counted(count: number | bigint, noun: string): string {
  return `${String(count)} ${noun}${BigInt(count) === 1n ? '' : 's'}`;
}
