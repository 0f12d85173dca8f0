import { formatCount } from '@kops/service';

/** `1 group`, `2,000 groups`: a number with its noun in the right form. */
export function counted(count: number | bigint, noun: string): string {
  return `${formatCount(count)} ${noun}${BigInt(count) === 1n ? '' : 's'}`;
}
