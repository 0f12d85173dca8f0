import type { SegmentEntry, SegmentList } from './schema.ts';

/** One thing that is wrong with a list that its schema cannot say. */
export interface ListFinding {
  /** Index of the entry in `segments`. */
  readonly entry: number;
  readonly key: string;
  readonly problem: string;
}

/** Checks that a list can be read: offset order, slices inside their segments and disjoint, indexes that ascend. Empty when all is well. */
export function checkList(list: SegmentList): ListFinding[] {
  const findings: ListFinding[] = [];
  let shownTo: bigint | undefined;
  for (const [index, entry] of list.segments.entries()) {
    const problems = [...entryProblems(entry)];
    if (shownTo !== undefined && entry.slice.start < shownTo) {
      problems.push(
        `slice starts at ${entry.slice.start}, before ${shownTo} where the previous slice ends`,
      );
    }
    shownTo = entry.slice.end;
    for (const problem of problems) findings.push({ entry: index, key: entry.key, problem });
  }
  return findings;
}

function* entryProblems(entry: SegmentEntry): Generator<string> {
  const { baseOffset, lastOffset, slice } = entry;
  if (baseOffset < 0n || lastOffset < baseOffset)
    yield `offsets ${baseOffset} to ${lastOffset} are not a range`;
  if (slice.start >= slice.end) yield `slice [${slice.start}, ${slice.end}) is empty`;
  if (slice.start < baseOffset || slice.end > lastOffset + 1n) {
    yield `slice [${slice.start}, ${slice.end}) is outside of offsets ${baseOffset} to ${lastOffset}`;
  }
  if (entry.batches === 0 || entry.plaintextBytes === 0) yield 'it has no batches';
  if (entry.records !== null && BigInt(entry.records) > lastOffset + 1n - baseOffset)
    yield `it has more records than offsets`;
  if (entry.controlBatches > entry.batches) yield 'it has more control batches than batches';
  yield* indexProblems(entry);
  yield* epochProblems(entry);
}

function* indexProblems({
  index,
  baseOffset,
  lastOffset,
  plaintextBytes,
}: SegmentEntry): Generator<string> {
  const first = index[0];
  if (first !== undefined && (first[0] !== baseOffset || first[2] !== 0))
    yield 'its index does not start with its first batch';
  for (const [at, [offset, maxTimestamp, position]] of index.entries()) {
    const before = index[at - 1];
    const inside = offset >= baseOffset && offset <= lastOffset && position < plaintextBytes;
    const ascends =
      before === undefined ||
      (offset > before[0] && position > before[2] && maxTimestamp >= before[1]);
    if (!inside || !ascends) {
      yield `index entry ${String(at)} (offset ${offset}, position ${String(position)}) is out of order or outside of the segment`;
      return;
    }
  }
}

function* epochProblems({ leaderEpochs, baseOffset, lastOffset }: SegmentEntry): Generator<string> {
  for (const [at, { epoch, startOffset }] of leaderEpochs.entries()) {
    const before = leaderEpochs[at - 1];
    const ascends =
      before === undefined || (epoch > before.epoch && startOffset > before.startOffset);
    if (!ascends || startOffset < baseOffset || startOffset > lastOffset) {
      yield `leader epoch ${String(epoch)} from offset ${startOffset} is out of order or outside of the segment`;
      return;
    }
  }
}
