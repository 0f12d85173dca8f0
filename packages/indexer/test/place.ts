import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRecordRules, type Catalog, type RecordRule } from '@kops/catalog';
import { connectElasticsearch, type ElasticsearchSettings } from '@kops/catalog/elasticsearch';
import { systemClock, type Clock } from '@kops/core';
import type { Repository } from '@kops/repository';
import type { SandboxElasticsearch } from '@kops/testkit';
import { openIndexer, type Indexer, type IndexerOptions } from '../src/index.ts';
import type { CatalogAccess } from './catalog-content.ts';
import { newRepository } from './fixture.ts';

export const hashKey = 'a key that nobody guesses';

let places = 0;

/** A repository, a catalog and a state directory of a test's own. */
export class Place implements AsyncDisposable {
  readonly directory: string;
  readonly repository: Repository;
  readonly access: CatalogAccess;

  private constructor(directory: string, repository: Repository, access: CatalogAccess) {
    this.directory = directory;
    this.repository = repository;
    this.access = access;
  }

  static async make({ url, credentials, indexPrefix }: SandboxElasticsearch): Promise<Place> {
    const directory = await mkdtemp(join(tmpdir(), 'kops-indexer-'));
    const repository = await newRepository(join(directory, 'repository'));
    // Prefixes of a catalog have no hyphens.
    const prefix = `${indexPrefix.replaceAll('-', '_')}${String(++places)}`;
    return new Place(directory, repository, { url, credentials, prefix });
  }

  get elasticsearch(): ElasticsearchSettings {
    const { url, credentials, prefix } = this.access;
    return { node: url, ...credentials, prefix };
  }

  rules(rules: unknown = [{ topics: '*', level: 'full' }]): RecordRule[] {
    return parseRecordRules(rules, { hasHashKey: true });
  }

  /** Options of an indexer of this place, but for a clock. */
  get options(): IndexerOptions {
    return {
      repositoryUrl: join(this.directory, 'repository'),
      stateDirectory: join(this.directory, 'state'),
      elasticsearch: this.elasticsearch,
      records: this.rules(),
      hashKey,
    };
  }

  open({
    clock,
    ...options
  }: Partial<Omit<IndexerOptions, 'clock'>> & { clock?: Partial<Clock> } = {}): Promise<Indexer> {
    return openIndexer({
      ...this.options,
      ...options,
      ...(clock === undefined ? {} : { clock: { ...systemClock, ...clock } }),
    });
  }

  connect(): Promise<Catalog> {
    return connectElasticsearch(this.elasticsearch);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
    await using catalog = await this.connect();
    await catalog.drop();
  }
}
