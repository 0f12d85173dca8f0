import { KopsError } from '@kops/core';

/** Which segments to read. */
export type Subset =
  | { readonly kind: 'part'; readonly index: number; readonly of: number }
  /** Of the bytes: more than 0, at most 1. */
  | { readonly kind: 'share'; readonly share: number }
  | { readonly kind: 'bytes'; readonly bytes: number };

const units: Readonly<Record<string, number>> = {
  '': 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** Reads `1/7`, `5%` or `10GiB`. @throws KOPS_USAGE */
export function parseSubset(text: string): Subset {
  const subset = readPart(text) ?? readShare(text) ?? readBytes(text);
  if (subset !== undefined) return subset;
  throw new KopsError('KOPS_USAGE', `'${text}' is not a valid subset`, {
    hint: "Use a part such as '1/7', a share such as '5%', or an amount such as '10GiB'.",
  });
}

function readPart(text: string): Subset | undefined {
  const match = /^([0-9]{1,6})\/([0-9]{1,6})$/.exec(text);
  const index = Number(match?.[1]);
  const of = Number(match?.[2]);
  return index >= 1 && index <= of ? { kind: 'part', index, of } : undefined;
}

function readShare(text: string): Subset | undefined {
  const share = Number(/^([0-9]{1,3}(?:\.[0-9]{1,6})?)%$/.exec(text)?.[1]) / 100;
  return share > 0 && share <= 1 ? { kind: 'share', share } : undefined;
}

function readBytes(text: string): Subset | undefined {
  const match = /^([0-9]{1,15}(?:\.[0-9]{1,6})?)\s?([KMGT]iB)?$/.exec(text);
  const bytes = Math.round(Number(match?.[1]) * (units[match?.[2] ?? ''] ?? Number.NaN));
  return bytes > 0 ? { kind: 'bytes', bytes } : undefined;
}
