/** What stands in one partition of the cluster. */
export interface PartitionFacts {
  readonly topic: string;
  readonly partition: number;
  /** Offsets [start, end) that a backup would take now. */
  readonly start: bigint;
  readonly end: bigint;
  /** Bytes per offset, as sampled here or in its topic; null where nothing was sampled. */
  readonly bytesPerOffset: number | null;
  readonly sampledBytes: number;
}

/** What a repository has of a partition already: offsets [start, end). */
export type ArchivedRange = (at: {
  readonly topic: string;
  readonly partition: number;
}) => { readonly start: bigint; readonly end: bigint } | undefined;

/** Where a copy shall go. */
export interface CopyPlace {
  readonly repository: string;
  /** Null where the store does not know. */
  readonly freeBytes: bigint | null;
  readonly archived: ArchivedRange;
}

/** A topic of an estimate. */
export interface TopicEstimate {
  readonly topic: string;
  readonly partitions: number;
  readonly offsets: bigint;
  readonly bytes: bigint;
}

/** What a copy will need. */
export interface CopyEstimate {
  readonly repository: string;
  /** Offsets that are archived there already. */
  readonly archivedOffsets: bigint;
  readonly newOffsets: bigint;
  readonly newBytes: bigint;
  readonly freeBytes: bigint | null;
  /** With a tenth in reserve; null where the free space is not known. */
  readonly fits: boolean | null;
}

/** How fast data goes, and how that is known. */
export interface Rate {
  readonly bytesPerSecond: number;
  readonly from: 'given' | 'measured';
}

/** What a backup would take. Sizes are estimates from samples. */
export interface Estimate {
  readonly partitions: number;
  readonly copies: number;
  /** Partitions times copies. */
  readonly partitionCopies: number;
  /** Null where no cluster was looked at. */
  readonly offsets: bigint | null;
  /** Bytes of one copy; null where unknown. */
  readonly bytes: bigint | null;
  /** Bytes of all copies, and of these what is to be stored now. */
  readonly totalBytes: bigint | null;
  readonly newBytes: bigint | null;
  readonly bytesPerOffset: number | null;
  readonly sampledBytes: number;
  readonly rate: Rate | null;
  /** Of capturing what is new, in ms; null where bytes or rate are not known. */
  readonly durationMs: number | null;
  readonly topics: readonly TopicEstimate[];
  readonly places: readonly CopyEstimate[];
  /** Whether all copies fit; null where that is not known. */
  readonly fits: boolean | null;
}

/** What is estimated from. */
export interface EstimateFacts {
  readonly partitions: readonly PartitionFacts[];
  readonly copies: number;
  readonly places: readonly CopyPlace[];
  readonly rate: Rate | null;
}

/** Of the free space, what a backup should not fill. */
const reserve = 10n;

const span = ({ start, end }: { readonly start: bigint; readonly end: bigint }): bigint =>
  end > start ? end - start : 0n;

function bytesOf(offsets: bigint, bytesPerOffset: number): bigint {
  return BigInt(Math.round(Number(offsets) * bytesPerOffset));
}

/** Estimates from what was found on a cluster and in repositories. */
export function estimateCluster({ partitions, copies, places, rate }: EstimateFacts): Estimate {
  const offsets = partitions.reduce((sum, partition) => sum + span(partition), 0n);
  const sampled = partitions.filter(({ bytesPerOffset }) => bytesPerOffset !== null);
  const average = averageOf(sampled);
  const sizeOf = (partition: PartitionFacts, count: bigint): bigint =>
    bytesOf(count, partition.bytesPerOffset ?? average ?? 0);
  const bytes = partitions.reduce((sum, partition) => sum + sizeOf(partition, span(partition)), 0n);
  const estimates = places.map((place) => estimateCopy(place, partitions, sizeOf));
  // Copies whose place was not named start from nothing.
  const unnamed = BigInt(Math.max(0, copies - places.length)) * bytes;
  const newestBytes =
    estimates.length < copies
      ? bytes
      : estimates.reduce((most, { newBytes }) => (newBytes > most ? newBytes : most), 0n);
  return {
    partitions: partitions.length,
    copies,
    partitionCopies: partitions.length * copies,
    offsets,
    bytes,
    totalBytes: bytes * BigInt(copies),
    newBytes: estimates.reduce((sum, { newBytes }) => sum + newBytes, 0n) + unnamed,
    bytesPerOffset: average,
    sampledBytes: partitions.reduce((sum, { sampledBytes }) => sum + sampledBytes, 0),
    rate,
    durationMs: durationMs(newestBytes, rate),
    topics: topicEstimates(partitions, sizeOf),
    places: estimates,
    fits: allFit(estimates),
  };
}

/** Estimates from given numbers alone. */
export function estimateNumbers(given: {
  partitions: number;
  copies: number;
  bytes: bigint | null;
  rate: Rate | null;
  places: readonly CopyPlace[];
}): Estimate {
  const { partitions, copies, bytes, rate } = given;
  const places = given.places.map(({ repository, freeBytes }) => ({
    repository,
    archivedOffsets: 0n,
    newOffsets: 0n,
    newBytes: bytes ?? 0n,
    freeBytes,
    fits: bytes === null ? null : doesFit(bytes, freeBytes),
  }));
  const totalBytes = bytes === null ? null : bytes * BigInt(copies);
  return {
    partitions,
    copies,
    partitionCopies: partitions * copies,
    offsets: null,
    bytes,
    totalBytes,
    newBytes: totalBytes,
    bytesPerOffset: null,
    sampledBytes: 0,
    rate,
    durationMs: bytes === null ? null : durationMs(bytes, rate),
    topics: [],
    places,
    fits: allFit(places),
  };
}

function averageOf(sampled: readonly PartitionFacts[]): number | null {
  const offsets = sampled.reduce((sum, partition) => sum + Number(span(partition)), 0);
  const bytes = sampled.reduce(
    (sum, partition) => sum + Number(span(partition)) * (partition.bytesPerOffset ?? 0),
    0,
  );
  return offsets === 0 ? null : bytes / offsets;
}

function estimateCopy(
  place: CopyPlace,
  partitions: readonly PartitionFacts[],
  sizeOf: (partition: PartitionFacts, count: bigint) => bigint,
): CopyEstimate {
  let archivedOffsets = 0n;
  let newOffsets = 0n;
  let newBytes = 0n;
  for (const partition of partitions) {
    const fresh = newOffsetsOf(partition, place.archived(partition));
    archivedOffsets += span(partition) - fresh;
    newOffsets += fresh;
    newBytes += sizeOf(partition, fresh);
  }
  const { repository, freeBytes } = place;
  return {
    repository,
    archivedOffsets,
    newOffsets,
    newBytes,
    freeBytes,
    fits: doesFit(newBytes, freeBytes),
  };
}

/** An archive that ends before the log starts, or beyond its end, is of no use: all is new then. */
function newOffsetsOf(
  partition: PartitionFacts,
  archived: { readonly start: bigint; readonly end: bigint } | undefined,
): bigint {
  const all = span(partition);
  if (archived === undefined || archived.end < partition.start || archived.end > partition.end)
    return all;
  return partition.end - archived.end;
}

function doesFit(bytes: bigint, freeBytes: bigint | null): boolean | null {
  return freeBytes === null ? null : bytes + bytes / reserve <= freeBytes;
}

function allFit(places: readonly CopyEstimate[]): boolean | null {
  if (places.some(({ fits }) => fits === false)) return false;
  return places.length > 0 && places.every(({ fits }) => fits === true) ? true : null;
}

function durationMs(bytes: bigint, rate: Rate | null): number | null {
  return rate === null ? null : (Number(bytes) / rate.bytesPerSecond) * 1000;
}

function topicEstimates(
  partitions: readonly PartitionFacts[],
  sizeOf: (partition: PartitionFacts, count: bigint) => bigint,
): TopicEstimate[] {
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
  return [...byTopic]
    .map(([topic, own]) => ({
      topic,
      partitions: own.length,
      offsets: own.reduce((sum, partition) => sum + span(partition), 0n),
      bytes: own.reduce((sum, partition) => sum + sizeOf(partition, span(partition)), 0n),
    }))
    .sort((a, b) => Number(b.bytes - a.bytes));
}
