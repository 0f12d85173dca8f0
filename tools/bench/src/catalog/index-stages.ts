import { connectElasticsearch } from '@kops/catalog/elasticsearch';
import type { Bench, Outcome, Round, Subject } from '../bench.ts';
import { expectEqual } from '../expect.ts';
import { runScript } from '../stage-scripts.ts';
import type { CatalogStage } from '../stages/catalog-stage.ts';

type Level = CatalogStage['level'];

/** What of a record can be indexed. */
export const levels: readonly Level[] = ['metadata', 'keys', 'full'];

const scripts = {
  index: new URL('../stages/index-archive.ts', import.meta.url),
  bulk: new URL('../stages/bulk-helper.ts', import.meta.url),
} as const;

type Filler = keyof typeof scripts;

/** Writes the documents of a round's archive to indices of their own, counts what can be found, and deletes them. */
async function fillIndices(
  { bench, workload, repository }: Round,
  what: Filler,
  level: Level,
  prefix: string,
): Promise<Outcome> {
  const node = await bench.elasticsearch();
  const { topic } = workload;
  const settings: CatalogStage = {
    folder: bench.folder,
    repository,
    topic,
    node,
    prefix,
    level,
  };
  const { outcome, amount } = await runScript(bench, scripts[what], settings, []);
  expectEqual(amount, workload.records, `records that ${what} wrote`);
  await using catalog = await connectElasticsearch({ node, prefix });
  await catalog.refresh();
  expectEqual(await catalog.count({}), workload.records, `records that can be found`);
  await catalog.drop();
  return outcome;
}

const warmed = new WeakSet<Bench>();

/** The first who writes to a server waits for its compiler, twice as long as for all else: so that is neither of those compared. */
async function warmUp(round: Round): Promise<void> {
  if (warmed.has(round.bench)) return;
  warmed.add(round.bench);
  await fillIndices(round, 'bulk', 'metadata', 'warm_up');
}

/** The indexer, and beside it the client's own helper, at every level. */
export const indexSubjects: readonly Subject[] = levels.flatMap((level) =>
  (['index', 'bulk'] as const).map((what) => ({
    name: `${what}-${level}`,
    workloads: ['catalog'] as const,
    needs: ['backup'],
    prepare: warmUp,
    run: (round: Round) =>
      fillIndices(round, what, level, `${what}_${level}_${String(round.number)}`),
  })),
);
