/** `1,234,567`: a whole number for people, with every digit. */
export function formatCount(count: number | bigint): string {
  return String(typeof count === 'number' ? Math.round(count) : count).replace(
    /\B(?=(\d{3})+$)/g,
    ',',
  );
}

/** `1 topic`, `2,000 topics`, `2 losses`: a number with its noun in the right form. */
export function counted(count: number | bigint, noun: string): string {
  return `${formatCount(count)} ${noun}${BigInt(count) === 1n ? '' : plural(noun)}`;
}

function plural(noun: string): string {
  return /(?:s|x|ch|sh)$/.test(noun) ? 'es' : 's';
}
