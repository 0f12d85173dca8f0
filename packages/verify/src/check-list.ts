import {
  checkList,
  clusterPathName,
  countHoles,
  countRecords,
  describeLoss,
  parseSegmentKey,
  sliceList,
  type Manifest,
  type PartitionManifest,
  type SegmentEntry,
  type SegmentList,
} from '@kops/archive-format';
import type { Coordinates, TopicPartition } from '@kops/core';
import type { FindingLog } from './finding-log.ts';

/** A partition of the archive and where it belongs. */
export interface ListPlace extends TopicPartition {
  readonly manifest: Manifest;
  readonly shown: PartitionManifest;
  readonly isCompacted: boolean;
  /** Key of the list; undefined for a partition without one. */
  readonly object?: string;
}

/** Checks that a list is sound and says the same as the manifest. Nothing is read. */
export function checkSegmentList(list: SegmentList, place: ListPlace, log: FindingLog): void {
  const { manifest, shown, topic, partition } = place;
  const at = placeOf(place);
  const wrong = (message: string, more: Coordinates = {}): void =>
    log.add('error', 'KOPS_MANIFEST_INVALID', message, { ...at, ...more });
  const { topicId } = shown.lineage;
  if (
    list.cluster !== manifest.cluster.id ||
    list.topicId !== topicId ||
    list.partition !== partition
  ) {
    wrong(
      `the list of ${topic}-${partition} belongs to cluster ${list.cluster}, topic id ${list.topicId}, partition ${list.partition}`,
    );
  }
  for (const { key, problem } of checkList(list))
    wrong(`the list is wrong about a segment: ${problem}`, { segment: key });
  for (const entry of list.segments) checkKey(entry, place, wrong);
  const visible = sliceList(list, shown.logStart, shown.cut);
  compareCounts(visible, place, wrong);
  checkEpochs(visible, wrong);
  if (!place.isCompacted) reportGaps(visible, place, log);
}

/** Checks what a partition's manifest says about itself, and tells its losses. */
export function checkPartitionManifest(place: ListPlace, log: FindingLog): void {
  const { shown, manifest } = place;
  const at = placeOf(place);
  const { logStart, cut, highWatermark, lastStableOffset } = shown;
  const end = manifest.isolation === 'read_committed' ? lastStableOffset : highWatermark;
  if (logStart > cut || cut > end || lastStableOffset > highWatermark) {
    log.add(
      'error',
      'KOPS_MANIFEST_INVALID',
      `log start ${logStart}, cut ${cut}, last stable offset ${lastStableOffset} and high watermark ${highWatermark} are out of order`,
      at,
    );
  }
  for (const loss of shown.losses) {
    const text = `${describeLoss(loss)}${loss.detail === '' ? '' : `: ${loss.detail}`}`;
    log.add('loss', 'KOPS_INCOMPLETE', text, { ...at, offset: loss.from });
  }
  for (const { producerId, firstOffset, outcome } of shown.openTransactions) {
    const text = `a transaction of producer ${producerId} ${straddling[outcome ?? 'open']}`;
    log.add('info', 'KOPS_INCOMPLETE', text, { ...at, offset: firstOffset });
  }
}

/** What a transaction without an end below the cut means for read_committed consumers. */
const straddling = {
  open: 'was open at the cut: its records are not visible',
  committed: 'was committed after the cut: its records are visible',
  aborted: 'was aborted after the cut: its records are not visible',
} as const;

/** Coordinates of a partition. */
export function placeOf({ topic, partition, object }: ListPlace): Coordinates {
  return { topic, partition, ...(object === undefined ? {} : { object }) };
}

function checkKey(
  { key, baseOffset }: SegmentEntry,
  { manifest, shown, partition }: ListPlace,
  wrong: (message: string, at: Coordinates) => void,
): void {
  const parts = parseSegmentKey(key);
  const fits =
    parts?.cluster === clusterPathName(manifest.cluster.id) &&
    parts.topicId === shown.lineage.topicId &&
    parts.partition === partition &&
    parts.baseOffset === baseOffset;
  if (!fits)
    wrong('the key of a segment does not match its partition and base offset', { segment: key });
}

function compareCounts(
  visible: SegmentList,
  { shown }: ListPlace,
  wrong: (message: string) => void,
): void {
  const { logStart, cut, losses } = shown;
  const lost = losses.filter(({ reason }) => reason !== 'truncation');
  const compare = (what: string, list: bigint | number, manifest: bigint | number): void => {
    if (list !== manifest)
      wrong(`the manifest records ${manifest} ${what}, the list contains ${list}`);
  };
  compare('segments', visible.segments.length, shown.segments);
  const bytes = visible.segments.reduce((sum, { plaintextBytes }) => sum + plaintextBytes, 0);
  compare('bytes', bytes, shown.plaintextBytes);
  const records = countRecords(visible, logStart, cut);
  if (records !== null && shown.records !== null)
    compare('records', records, BigInt(shown.records));
  const holes = countHoles(visible, logStart, cut, lost);
  if (holes !== null && shown.holes !== null)
    compare('offsets that the log lacks', holes.offsets, shown.holes.offsets);
}

/** Within a lineage the leader epoch never goes back. */
function checkEpochs(
  { segments }: SegmentList,
  wrong: (message: string, at: Coordinates) => void,
): void {
  let last = -1;
  for (const { key, leaderEpochs, slice } of segments) {
    for (const { epoch, startOffset } of leaderEpochs) {
      if (startOffset >= slice.end) break;
      if (epoch < last)
        wrong(`leader epoch ${epoch} follows ${last}`, { segment: key, offset: startOffset });
      last = epoch;
    }
  }
}

/** Without compaction offsets are rarely missing between segments: worth a look, though a topic may have been compacted before. */
function reportGaps({ segments }: SegmentList, place: ListPlace, log: FindingLog): void {
  const { shown } = place;
  let next = shown.logStart;
  const report = (to: bigint): void => {
    const isTold = [...shown.losses, ...(shown.purges ?? [])].some(
      (loss) => loss.from <= next && loss.to >= to,
    );
    if (to <= next || isTold) return;
    const text = `offsets ${next} to ${to - 1n} are in no segment: they were missing from the log, although the topic is not compacted`;
    log.add('info', 'KOPS_INCOMPLETE', text, { ...placeOf(place), offset: next });
  };
  for (const { slice } of segments) {
    report(slice.start);
    next = slice.end;
  }
  report(shown.cut);
}
