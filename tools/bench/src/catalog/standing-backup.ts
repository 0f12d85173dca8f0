import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import type { Catalog } from '@kops/catalog';
import { connectElasticsearch } from '@kops/catalog/elasticsearch';
import { KopsError, throwIfAborted } from '@kops/core';
import type { Outcome, Round } from '../bench.ts';
import { backupThrough } from '../kops-commands.ts';
import { StandingArchiver } from './standing-archiver.ts';

const pollMs = 500;
/** How long an archiver may take to the first tenth of the records, in ms. */
const firstMs = 60_000;

/** `kops backup` through a standing archiver and agent, into a repository that is not there yet. */
export async function standingBackup(round: Round): Promise<Outcome> {
  const repository = `${round.repository}-standing`;
  try {
    await using archiver = await StandingArchiver.start(round.bench, 'standing', {
      repositories: { fresh: repository },
    });
    return await backupThrough(round, archiver.config, 'fresh');
  } finally {
    await rm(repository, { recursive: true, force: true });
  }
}

/**
 * The same while the archiver has a backlog to index into an Elasticsearch on the same machine: all records of this round's archive, of
 * which some must still be left when the backup ends.
 */
export async function standingBackupIndexing(round: Round): Promise<Outcome> {
  const { bench, workload, number } = round;
  const repository = `${round.repository}-standing`;
  const node = await bench.elasticsearch();
  const prefix = `standing_${String(number)}`;
  await using catalog = await connectElasticsearch({ node, prefix });
  try {
    await using archiver = await StandingArchiver.start(bench, 'standing-indexing', {
      repositories: { fresh: repository, backlog: round.repository },
      catalog: {
        elasticsearch: { node },
        prefix,
        stateDirectory: join(bench.folder, `state-${prefix}`),
        records: [{ topics: '*', level: 'metadata' }],
      },
    });
    const before = await recordsFound(catalog, workload.records / 10, bench.signal);
    const outcome = await backupThrough(round, archiver.config, 'fresh');
    const after = await countNow(catalog);
    if (after >= workload.records)
      throw new KopsError(
        'KOPS_UNEXPECTED',
        `all of ${workload.topic} was indexed before its backup ended, which therefore says nothing`,
        { hint: 'Choose a larger --size.' },
      );
    process.stderr.write(`    meanwhile ${String(after - before)} records were indexed\n`);
    return outcome;
  } finally {
    await rm(repository, { recursive: true, force: true });
    await catalog.drop();
  }
}

async function countNow(catalog: Catalog): Promise<number> {
  await catalog.refresh();
  return catalog.count({});
}

/** Waits until so many records can be found: indexer and server are warm then, as they are where they stand. */
async function recordsFound(
  catalog: Catalog,
  wanted: number,
  signal: AbortSignal,
): Promise<number> {
  const end = performance.now() + firstMs;
  for (;;) {
    throwIfAborted(signal);
    try {
      const records = await countNow(catalog);
      if (records >= wanted) return records;
    } catch (error) {
      // Shards that are being made cannot be searched.
      if (!KopsError.is(error) || !error.retryable || performance.now() > end) throw error;
    }
    if (performance.now() > end)
      throw new KopsError(
        'KOPS_UNEXPECTED',
        `less than ${String(wanted)} records in the catalog after ${String(firstMs / 1000)} s`,
      );
    await sleep(pollMs);
  }
}
