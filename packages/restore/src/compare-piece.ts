import { KopsError, type Offset, type TopicPartition } from '@kops/core';
import { fetchBelow } from '@kops/kafka/read';
import { decodeRecords, recordDigest, RecordBatchView, splitBatches } from '@kops/record-batch';
import type { RestoreTarget } from './execute-options.ts';
import { noProducer, type Piece } from './piece.ts';

/** A batch that should be on the target. */
export interface PieceOnTarget {
  readonly kafka: RestoreTarget;
  readonly place: TopicPartition;
  readonly topicId: string | undefined;
  readonly base: Offset;
  readonly piece: Piece;
  readonly signal?: AbortSignal;
}

/**
 * Reads the batch at `base` from the target and compares it with what would have been sent.
 * @throws KOPS_OFFSET_MISMATCH when it is another.
 */
export async function confirmOnTarget({
  kafka,
  place,
  topicId,
  base,
  piece,
  signal,
}: PieceOnTarget): Promise<void> {
  // Built before the wait: afterwards the batch it is cut from may be gone.
  const expected = new RecordBatchView(piece.build(noProducer));
  const request = {
    ...place,
    topicId,
    offset: base,
    currentLeaderEpoch: -1,
    maxBytes: expected.sizeInBytes,
    maxWaitMs: 0,
    ...(signal === undefined ? {} : { signal }),
  };
  // The log end of the target is behind this batch: only proof shows that it is not there.
  const result = await fetchBelow(kafka, request, { end: base + BigInt(piece.count) });
  if (result.status === 'nothing') throw different(place, base, 'the target has no batch there');
  if (result.status !== 'ok') throw different(place, base, `the target returns ${result.status}`);
  const [found] = splitBatches(result.bytes, place);
  if (found === undefined) throw different(place, base, 'the target has no batch there');
  if (found.baseOffset !== base || found.nextOffset !== base + BigInt(piece.count)) {
    throw different(
      place,
      base,
      `the target's batch has the offsets ${String(found.baseOffset)} to ${String(found.lastOffset)}`,
    );
  }
  if (!sameRecords(expected, found))
    throw different(place, base, "the target's batch has other records");
}

function sameRecords(expected: RecordBatchView, found: RecordBatchView): boolean {
  const sameHeader =
    expected.codec === found.codec &&
    expected.baseTimestamp === found.baseTimestamp &&
    expected.recordCount === found.recordCount;
  if (sameHeader && Buffer.compare(expected.payload, found.payload) === 0) return true;
  // Encoded anew by another release of a codec, equal records may have other bytes.
  const digests = (view: RecordBatchView): string[] => decodeRecords(view).map(recordDigest);
  const theirs = digests(found);
  const ours = digests(expected);
  return ours.length === theirs.length && ours.every((digest, index) => digest === theirs[index]);
}

function different(place: TopicPartition, offset: Offset, what: string): KopsError {
  return new KopsError(
    'KOPS_OFFSET_MISMATCH',
    `the last batch on the target was not written by this restore: ${what}`,
    {
      at: { ...place, offset },
      hint: `Delete topic ${place.topic} on the target and restore it again.`,
    },
  );
}
