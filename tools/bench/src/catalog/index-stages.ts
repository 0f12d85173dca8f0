import { connectElasticsearch } from '@kops/catalog/elasticsearch';
import type { Outcome, Round, Subject } from '../bench.ts';
import { expectEqual } from '../expect.ts';
import { runScript } from '../stage-scripts.ts';
import type { CatalogStage } from '../stages/catalog-stage.ts';

/** What of a record can be indexed. */
export const levels: readonly CatalogStage['level'][] = ['metadata', 'keys', 'full'];

const scripts = {
  index: new URL('../stages/index-archive.ts', import.meta.url),
  bulk: new URL('../stages/bulk-helper.ts', import.meta.url),
} as const;

async function fillIndex(
  { bench, workload, repository, number }: Round,
  what: keyof typeof scripts,
  level: CatalogStage['level'],
): Promise<Outcome> {
  const node = await bench.elasticsearch();
  const prefix = `${what}_${level}_${String(number)}`;
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

/** The indexer, and beside it the client's own helper, at every level. */
export const indexSubjects: readonly Subject[] = levels.flatMap((level) =>
  (['index', 'bulk'] as const).map((what) => ({
    name: `${what}-${level}`,
    workloads: ['catalog'] as const,
    needs: ['backup'],
    run: (round: Round) => fillIndex(round, what, level),
  })),
);
