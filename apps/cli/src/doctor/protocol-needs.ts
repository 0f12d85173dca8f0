/** A request that kops makes, and versions of it. https://kafka.apache.org/protocol#protocol_api_keys */
export interface ProtocolNeed {
  readonly key: number;
  readonly name: string;
  /** Any of these must be offered. */
  readonly versions: readonly number[];
  readonly for: 'backup' | 'restore' | 'groups';
}

/** What kops cannot do without. */
export const protocolNeeds: readonly ProtocolNeed[] = [
  // From version 4 on, Fetch answers with batches of magic 2; from 11 on it takes the leader epoch and the rack.
  { key: 1, name: 'Fetch', versions: [11, 13], for: 'backup' },
  { key: 2, name: 'ListOffsets', versions: [5], for: 'backup' },
  { key: 3, name: 'Metadata', versions: [7, 10], for: 'backup' },
  { key: 23, name: 'OffsetForLeaderEpoch', versions: [3], for: 'backup' },
  { key: 32, name: 'DescribeConfigs', versions: [2], for: 'backup' },
  { key: 9, name: 'OffsetFetch', versions: [5], for: 'groups' },
  { key: 10, name: 'FindCoordinator', versions: [2], for: 'groups' },
  { key: 15, name: 'DescribeGroups', versions: [4], for: 'groups' },
  { key: 16, name: 'ListGroups', versions: [2, 5], for: 'groups' },
  { key: 0, name: 'Produce', versions: [8], for: 'restore' },
  { key: 8, name: 'OffsetCommit', versions: [7], for: 'restore' },
  { key: 19, name: 'CreateTopics', versions: [4], for: 'restore' },
  { key: 22, name: 'InitProducerId', versions: [1], for: 'restore' },
  { key: 44, name: 'IncrementalAlterConfigs', versions: [0], for: 'restore' },
];

/** Versions that make kops better where they are offered. */
export const protocolWishes: readonly {
  readonly key: number;
  readonly version: number;
  readonly without: string;
}[] = [
  {
    key: 3,
    version: 10,
    without:
      'no topic ids (Kafka 2.8 and later): kops detects a recreated topic by its offsets only',
  },
  {
    key: 1,
    version: 13,
    without:
      'no fetch by topic id (Kafka 3.1 and later): kops compares the id after each fetch instead',
  },
];

/** Ranges of versions by API key. */
export type VersionRanges = ReadonlyMap<number, { readonly min: number; readonly max: number }>;

const offers = (ranges: VersionRanges, key: number, version: number): boolean => {
  const range = ranges.get(key);
  return range !== undefined && range.min <= version && version <= range.max;
};

/** Needs that a broker does not meet, as lines. */
export function unmetNeeds(ranges: VersionRanges): string[] {
  return protocolNeeds
    .filter(({ key, versions }) => !versions.some((version) => offers(ranges, key, version)))
    .map(({ key, name, versions, for: purpose }) => {
      const range = ranges.get(key);
      const has = range === undefined ? 'none' : `${String(range.min)} to ${String(range.max)}`;
      return `${name} (${purpose}) needs version ${versions.join(' or ')}, the broker supports ${has}`;
    });
}

/** What will be done in a lesser way, as lines. */
export function unmetWishes(ranges: VersionRanges): string[] {
  return protocolWishes
    .filter(({ key, version }) => !offers(ranges, key, version))
    .map(({ without }) => without);
}
