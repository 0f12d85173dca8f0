import { openIndexer, type IndexerOptions } from '../src/index.ts';

// Indexes what its argument says, and says whenever it got on.
const options = JSON.parse(process.argv[2] ?? '{}') as IndexerOptions;
await using indexer = await openIndexer(options);
await indexer.catchUp({
  onProgress: ({ records }) => process.stdout.write(`${String(records)}\n`),
});
