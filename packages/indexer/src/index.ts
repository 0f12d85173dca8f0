export { openIndexer, type Indexer, type IndexerOptions } from './indexer.ts';
