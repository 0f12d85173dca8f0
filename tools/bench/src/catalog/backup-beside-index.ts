import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connectElasticsearch } from '@kops/catalog/elasticsearch';
import { KopsError, throwIfAborted } from '@kops/core';
import { spawnGuarded, type GuardedProcess } from '@kops/kafka-dist';
import type { Outcome, Round } from '../bench.ts';
import { backup } from '../kops-commands.ts';
import type { CatalogStage } from '../stages/catalog-stage.ts';

const script = fileURLToPath(new URL('../stages/index-archive.ts', import.meta.url));
const pollMs = 100;
/** How long an indexer may take to its first record, in ms. */
const firstMs = 60_000;

/**
 * `kops backup` into a repository of its own, while another process indexes the archive of this round into an Elasticsearch on the same
 * machine, as a standing archiver does that has a backlog. Counts only if there is something left to index when the backup ends.
 */
export async function backupBesideIndex(round: Round): Promise<Outcome> {
  const { bench, workload, number } = round;
  const node = await bench.elasticsearch();
  const prefix = `beside_${String(number)}`;
  const repository = `${round.repository}-beside`;
  await using catalog = await connectElasticsearch({ node, prefix });
  const settings: CatalogStage = {
    ...{ folder: bench.folder, repository: round.repository, topic: workload.topic },
    ...{ node, prefix, level: 'metadata' },
  };
  const indexer = await spawnGuarded(
    process.execPath,
    ['--conditions=@kops/source', script, JSON.stringify(settings)],
    { cwd: bench.folder, env: bench.env, orphanGraceMs: 0 },
  );
  try {
    const count = async (): Promise<number> => {
      await catalog.refresh();
      return catalog.count({});
    };
    const before = await firstRecords(count, indexer, bench.signal);
    const outcome = await backup({ ...round, repository });
    const after = await count();
    if (after >= workload.records)
      throw new KopsError(
        'KOPS_UNEXPECTED',
        `the indexer was done before the backup of ${workload.topic}, which therefore says nothing`,
        { hint: 'Choose a larger --size.' },
      );
    process.stderr.write(`    meanwhile ${String(after - before)} records were indexed\n`);
    return outcome;
  } finally {
    indexer.killAll();
    await indexer.exited;
    await rm(repository, { recursive: true, force: true });
    await catalog.drop();
  }
}

async function firstRecords(
  count: () => Promise<number>,
  indexer: GuardedProcess,
  signal: AbortSignal,
): Promise<number> {
  const end = performance.now() + firstMs;
  for (;;) {
    const records = await count();
    if (records > 0) return records;
    throwIfAborted(signal);
    if (indexer.hasExited || performance.now() > end)
      throw new KopsError(
        'KOPS_UNEXPECTED',
        `the indexer ${indexer.hasExited ? 'ended' : `ran ${String(firstMs / 1000)} s`} without a record to be found`,
      );
    await sleep(pollMs);
  }
}
