import type { IndexEntry, LeaderEpoch, SegmentEntry, SegmentList } from './schema.ts';
import {
  asArray,
  asBoolean,
  asCount,
  asInt64,
  asObject,
  asPattern,
  asString,
  inside,
  ShapeError,
  type Path,
} from './shape.ts';

/*
 * The schema of segment lists by hand: lists of 100,000 segments with millions of index entries are read at once,
 * which the schema library does several times slower. A property test holds this equal to segmentListSchema.
 * Objects are converted in place: they come fresh from JSON.parse and belong to nobody else.
 */

const sha256Pattern = /^[0-9a-f]{64}$/;
const topicIdPattern = /^[0-9a-f]{32}$/;
const codecNames: ReadonlySet<unknown> = new Set(['none', 'gzip', 'snappy', 'lz4', 'zstd']);
const maxElements = 100_000;

/** Checks and converts the JSON of a segment list. Fields not known here are kept. @throws ShapeError */
export function readSegmentListJson(json: unknown): SegmentList {
  const root: Path = () => [];
  const list = asObject(json, root);
  if (list['version'] !== 1) throw new ShapeError(['version'], 'expected 1');
  asString(list['cluster'], inside(root, 'cluster'), 256);
  asPattern(list['topicId'], inside(root, 'topicId'), topicIdPattern);
  asCount(list['partition'], inside(root, 'partition'));
  const segments = asArray(list['segments'], inside(root, 'segments'));
  for (let index = 0; index < segments.length; index++)
    convertEntry(segments[index], () => ['segments', index]);
  return list as SegmentList;
}

function convertEntry(json: unknown, path: Path): void {
  const entry = asObject(json, path) as Partial<Record<keyof SegmentEntry, unknown>>;
  asString(entry.key, inside(path, 'key'), 1024);
  convertSlice(entry.slice, inside(path, 'slice'));
  entry.baseOffset = asInt64(entry.baseOffset, inside(path, 'baseOffset'));
  entry.lastOffset = asInt64(entry.lastOffset, inside(path, 'lastOffset'));
  convertEpochs(entry.leaderEpochs, inside(path, 'leaderEpochs'));
  if (entry.records !== null) asCount(entry.records, inside(path, 'records'));
  asCount(entry.batches, inside(path, 'batches'));
  asCount(entry.controlBatches, inside(path, 'controlBatches'));
  entry.maxTimestamp = asInt64(entry.maxTimestamp, inside(path, 'maxTimestamp'));
  if (entry.minTimestamp !== null)
    entry.minTimestamp = asInt64(entry.minTimestamp, inside(path, 'minTimestamp'));
  checkCodecs(entry.codecs, inside(path, 'codecs'));
  asBoolean(entry.transactional, inside(path, 'transactional'));
  asCount(entry.plaintextBytes, inside(path, 'plaintextBytes'));
  asPattern(entry.plaintextSha256, inside(path, 'plaintextSha256'), sha256Pattern);
  asCount(entry.storedBytes, inside(path, 'storedBytes'));
  asPattern(entry.storedSha256, inside(path, 'storedSha256'), sha256Pattern);
  convertIndex(entry.index, inside(path, 'index'));
  if (entry.damaged !== undefined && entry.damaged !== true)
    throw new ShapeError(inside(path, 'damaged')(), 'expected true');
}

function convertSlice(json: unknown, path: Path): void {
  const slice = asObject(json, path);
  slice['start'] = asInt64(slice['start'], inside(path, 'start'));
  slice['end'] = asInt64(slice['end'], inside(path, 'end'));
}

function convertEpochs(json: unknown, path: Path): void {
  const epochs = asArray(json, path, maxElements);
  for (let index = 0; index < epochs.length; index++) {
    const at = inside(path, index);
    const entry = asObject(epochs[index], at) as Partial<Record<keyof LeaderEpoch, unknown>>;
    const { epoch } = entry;
    if (!Number.isInteger(epoch) || (epoch as number) < -1 || (epoch as number) > 0x7fff_ffff) {
      throw new ShapeError(inside(at, 'epoch')(), 'expected an integer of 32 bits');
    }
    entry.startOffset = asInt64(entry.startOffset, inside(at, 'startOffset'));
  }
}

function checkCodecs(json: unknown, path: Path): void {
  for (const [index, codec] of asArray(json, path).entries()) {
    if (!codecNames.has(codec)) throw new ShapeError(inside(path, index)(), 'expected a codec');
  }
}

function convertIndex(json: unknown, path: Path): void {
  const index = asArray(json, path, maxElements) as (unknown[] | IndexEntry)[];
  for (let at = 0; at < index.length; at++) {
    const where: Path = () => [...path(), at];
    const entry = asArray(index[at], where);
    if (entry.length !== 3) throw new ShapeError(where(), 'expected three elements');
    entry[0] = asInt64(entry[0], () => [...where(), 0]);
    entry[1] = asInt64(entry[1], () => [...where(), 1]);
    asCount(entry[2], () => [...where(), 2]);
  }
}
