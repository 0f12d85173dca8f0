import { tmpdir } from 'node:os';
import { selectTopics } from '@kops/core';
import { requireFreeSpace } from '@kops/service';
import type { DrillOptions } from './drill-options.ts';

const mebibyte = 1024n * 1024n;
/** Offset mappings of the restore. */
const ownBytes = 16n * mebibyte;
/** A broker's own files: indexes, metadata, logs. */
const brokerBytes = 64n * mebibyte;

/** Room for what the drill itself writes. @throws KOPS_NO_SPACE */
export function requireOwnSpace(options: DrillOptions): Promise<void> {
  return requireSpace(options, ownBytes);
}

/** Room for a broker of this machine with all that is restored into it. @throws KOPS_NO_SPACE */
export function requireBrokerSpace(options: DrillOptions): Promise<void> {
  const { archive, topics = [] } = options;
  const all = archive.manifest.topics;
  const selection = { include: topics, exclude: [] };
  const chosen = new Set(
    selectTopics(
      all.map(({ name }) => name),
      selection,
    ),
  );
  const bytes = all
    .filter(({ name }) => chosen.has(name))
    .flatMap(({ partitions }) => partitions)
    .reduce((sum, { plaintextBytes }) => sum + BigInt(plaintextBytes), 0n);
  return requireSpace(options, bytes + ownBytes + brokerBytes);
}

function requireSpace({ freeBytes }: DrillOptions, bytes: bigint): Promise<void> {
  return requireFreeSpace({
    directory: tmpdir(),
    bytes,
    what: 'the drill',
    hint: 'Set TMPDIR to a directory with more space, drill fewer topics with --topics, or use another cluster with --sandbox external --bootstrap-server HOST:PORT.',
    ...(freeBytes === undefined ? {} : { freeBytes }),
  });
}
