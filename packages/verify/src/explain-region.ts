import type { RecordPrint } from './record-print.ts';

/** A record of the source and one of the target. */
export interface PrintPair {
  readonly source: RecordPrint;
  readonly target: RecordPrint;
}

/** What happened between two places where both sides are equal. */
export interface RegionExplanation {
  /** Equal after all, perhaps at other offsets. */
  readonly equal: readonly PrintPair[];
  /** Two records, each in the other's place. */
  readonly swapped: readonly (readonly [PrintPair, PrintPair])[];
  /** On both sides, in another order. */
  readonly moved: readonly PrintPair[];
  readonly changed: readonly PrintPair[];
  readonly missing: readonly RecordPrint[];
  readonly extra: readonly RecordPrint[];
}

/** Explains a region by as few differences as possible. Both sides have at most a window of records. */
export function explainRegion(
  source: readonly RecordPrint[],
  target: readonly RecordPrint[],
): RegionExplanation {
  const swapped = findSwaps(source, target);
  const taken = new Set(swapped.flat().flatMap((pair) => [pair.source, pair.target]));
  const left = source.filter((print) => !taken.has(print));
  const right = target.filter((print) => !taken.has(print));
  const equal = longestCommon(left, right);
  const moved = findMoved(left, right, equal);
  return { equal, swapped, moved, ...explainGaps(left, right, equal, moved) };
}

/** Only where nothing was added or dropped besides does "in the other's place" mean something. */
function findSwaps(
  source: readonly RecordPrint[],
  target: readonly RecordPrint[],
): [PrintPair, PrintPair][] {
  if (source.length !== target.length) return [];
  const swaps: [PrintPair, PrintPair][] = [];
  const used = new Set<number>();
  for (const [first, a] of source.entries()) {
    const there = target[first];
    if (there === undefined || used.has(first) || a.digest === there.digest) continue;
    const second = source.findIndex(
      (b, index) =>
        index > first &&
        !used.has(index) &&
        b.digest === there.digest &&
        target[index]?.digest === a.digest,
    );
    const [b, here] = [source[second], target[second]];
    if (b === undefined || here === undefined) continue;
    used.add(second);
    swaps.push([
      { source: a, target: here },
      { source: b, target: there },
    ]);
  }
  return swaps;
}

/** The longest sequence that both have in this order, by the usual table. */
function longestCommon(left: readonly RecordPrint[], right: readonly RecordPrint[]): PrintPair[] {
  const width = right.length + 1;
  const lengths = new Uint16Array((left.length + 1) * width);
  const at = (row: number, column: number): number => lengths[row * width + column] ?? 0;
  for (let row = left.length - 1; row >= 0; row--) {
    for (let column = right.length - 1; column >= 0; column--) {
      const isSame = left[row]?.digest === right[column]?.digest;
      lengths[row * width + column] = isSame
        ? at(row + 1, column + 1) + 1
        : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const pairs: PrintPair[] = [];
  for (let row = 0, column = 0; row < left.length && column < right.length;) {
    const [source, target] = [left[row], right[column]];
    if (source === undefined || target === undefined) break;
    if (source.digest === target.digest) {
      pairs.push({ source, target });
      row++;
      column++;
    } else if (at(row + 1, column) >= at(row, column + 1)) row++;
    else column++;
  }
  return pairs;
}

function findMoved(
  left: readonly RecordPrint[],
  right: readonly RecordPrint[],
  equal: readonly PrintPair[],
): PrintPair[] {
  const isEqual = new Set(equal.flatMap(({ source, target }) => [source, target]));
  const free = right.filter((print) => !isEqual.has(print));
  const moved: PrintPair[] = [];
  for (const source of left) {
    if (isEqual.has(source)) continue;
    const index = free.findIndex(({ digest }) => digest === source.digest);
    const [target] = index < 0 ? [] : free.splice(index, 1);
    if (target !== undefined) moved.push({ source, target });
  }
  return moved;
}

/** Between equal records, what is only on one side: changed where both sides have something, else missing or extra. */
function explainGaps(
  left: readonly RecordPrint[],
  right: readonly RecordPrint[],
  equal: readonly PrintPair[],
  moved: readonly PrintPair[],
): Pick<RegionExplanation, 'changed' | 'missing' | 'extra'> {
  const elsewhere = new Set(moved.flatMap(({ source, target }) => [source, target]));
  const sourceGaps = splitAt(left, new Set(equal.map(({ source }) => source)), elsewhere);
  const targetGaps = splitAt(right, new Set(equal.map(({ target }) => target)), elsewhere);
  const changed: PrintPair[] = [];
  const missing: RecordPrint[] = [];
  const extra: RecordPrint[] = [];
  for (const [gap, sources] of sourceGaps.entries()) {
    const targets = targetGaps[gap] ?? [];
    for (let index = 0; index < Math.max(sources.length, targets.length); index++) {
      const [source, target] = [sources[index], targets[index]];
      if (source !== undefined && target !== undefined) changed.push({ source, target });
      else if (source !== undefined) missing.push(source);
      else if (target !== undefined) extra.push(target);
    }
  }
  return { changed, missing, extra };
}

/** What lies before, between and after the given records; one list more than there are of them. */
function splitAt(
  prints: readonly RecordPrint[],
  borders: ReadonlySet<RecordPrint>,
  leftOut: ReadonlySet<RecordPrint>,
): RecordPrint[][] {
  let gap: RecordPrint[] = [];
  const gaps = [gap];
  for (const print of prints) {
    if (borders.has(print)) {
      gap = [];
      gaps.push(gap);
    } else if (!leftOut.has(print)) gap.push(print);
  }
  return gaps;
}
