import { Args, Flags } from '@oclif/core';
import type { Catalog, RecordHit } from '@kops/catalog';
import { connectElasticsearch } from '@kops/catalog/elasticsearch';
import { KopsError } from '@kops/core';
import type { Archive } from '@kops/repository';
import { requiredCatalog } from '../catalog/catalog-settings.ts';
import { KopsCommand, type FlagsOf } from '../kops-command.ts';
import { terminalView } from '../output/terminal-view.ts';
import { renderSearchPage } from '../render/search-page.ts';
import { marks } from '../search/hit-line.ts';
import { searchFilter } from '../search/search-filter.ts';
import { commonSettings } from '../settings/common-settings.ts';
import { openConfiguredArchive } from '../settings/connections.ts';
import { elasticsearch, topicNames } from '../settings/flags.ts';
import { instant } from '../settings/value-flags.ts';

const grepInstead = 'Without Elasticsearch, use kops grep to scan the segments of an archive.';

/** Whether it is the query that finds nothing, or the catalog that holds nothing. */
async function nothingFound(catalog: Catalog, signal: AbortSignal): Promise<KopsError> {
  if ((await catalog.count({}, { signal })) === 0)
    return new KopsError('KOPS_RECORDS_NOT_FOUND', 'the catalog has no records', {
      hint: "Set catalog.records, then run 'kops catalog rebuild'; or use 'kops grep' to scan an archive.",
    });
  return new KopsError('KOPS_RECORDS_NOT_FOUND', 'no record in the catalog matches', {
    hint: "Search for whole words, prefixes such as ord*, or fields with full names such as kafka.value.order:4711. Run 'kops catalog status' to see whether the topic is indexed, or use 'kops grep' to scan an archive.",
  });
}

/** A page of records that were found. */
interface SearchResult {
  readonly total: number;
  /** Whether there may be more than `total`. */
  readonly isTotalExact: boolean;
  readonly hits: readonly Omit<RecordHit, 'highlights'>[];
  /** For `--next`; null at the end. */
  readonly next: string | null;
}

export default class Search extends KopsCommand<typeof Search, SearchResult> {
  static override summary = 'Find archived records in the catalog.';
  static override description =
    'Takes Elasticsearch\'s query string syntax over values, keys and headers: words, "phrases", wild*, field:value, AND, OR, NOT. All words must match. Search fields of JSON values as kafka.value.order:4711, ' +
    'other fields by their names in the mapping (docs/CATALOG.md). Each hit shows its topic, partition and offset; kops cat prints the record from its segment.\n\n' +
    'Exit codes: 0 ok, 2 usage or invalid query, 10 nothing found, 30 Elasticsearch unreachable, 31 denied.';
  static override examples = [
    "<%= config.bin %> <%= command.id %> 'order 4711' --topics orders",
    "<%= config.bin %> <%= command.id %> 'kafka.value.customer:c-42 AND NOT espresso' --from 2026-03-01T00:00:00Z --repository /backups/kafka --archive latest",
  ];
  static override args = {
    query: Args.string({ required: true, description: 'Query; quote it for the shell.' }),
  };
  static override flags = {
    elasticsearch,
    repository: Flags.string({
      char: 'r',
      summary: 'With --archive: its repository, a directory or file:///absolute/path.',
      helpValue: 'URL',
      dependsOn: ['archive'],
    }),
    archive: Flags.string({
      char: 'a',
      summary: "Only records that this archive shows: an id, or 'latest'. Needs --repository.",
      helpValue: 'ID',
    }),
    cluster: Flags.string({
      summary: 'With --archive: cluster id, if the repository has archives of several clusters.',
      helpValue: 'ID',
      dependsOn: ['archive'],
    }),
    topics: topicNames,
    partition: Flags.integer({
      summary: 'Only this partition. Needs --archive.',
      helpValue: 'N',
      min: 0,
      dependsOn: ['archive'],
    }),
    from: instant({ summary: 'Only records with this timestamp or later.', helpValue: 'TIME' }),
    to: instant({
      summary: 'Only records with an earlier timestamp than this.',
      helpValue: 'TIME',
    }),
    order: Flags.option({
      options: ['newest', 'oldest'] as const,
      default: 'newest' as const,
      summary: 'Sort order.',
    })(),
    limit: Flags.integer({
      summary: 'Records per page.',
      helpValue: 'N',
      min: 1,
      max: 10_000,
      default: 20,
    }),
    next: Flags.string({
      summary: 'Token that the previous page printed; use the same query and filters.',
      helpValue: 'TEXT',
    }),
  };

  protected override settingsOf(flags: FlagsOf<typeof Search>): Record<string, unknown> {
    return commonSettings(flags);
  }

  protected async execute(signal: AbortSignal): Promise<SearchResult> {
    const settings = requiredCatalog(this.settings, grepInstead);
    const archive = await this.#archive();
    await using catalog = await connectElasticsearch(settings.elasticsearch, { signal });
    const { query } = await this.#arguments();
    const { topics, partition, from, to, order, limit: size, next: after } = this.flags;
    const page = await catalog.search({
      ...searchFilter({ query, topics, partition, from, to }, archive),
      order,
      size,
      ...(after === undefined ? {} : { after }),
      highlight: marks,
      signal,
    });
    if (page.hits.length === 0 && after === undefined) throw await nothingFound(catalog, signal);
    this.print(renderSearchPage(page, terminalView()));
    const hits = page.hits.map(({ highlights: _, ...hit }) => hit);
    return { ...page, hits, next: page.next ?? null };
  }

  async #archive(): Promise<Archive | undefined> {
    const { archive, cluster: of, topics } = this.flags;
    if (archive === undefined) return undefined;
    return this.reads(await openConfiguredArchive(this.settings, { archive, cluster: of, topics }));
  }

  async #arguments(): Promise<{ readonly query: string }> {
    return (await this.parse(Search)).args;
  }
}
