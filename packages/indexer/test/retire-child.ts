import { openIndexer, type IndexerOptions } from '../src/index.ts';

// Takes out what was retired, and says when it begins.
const options = JSON.parse(process.argv[2] ?? '{}') as IndexerOptions;
await using indexer = await openIndexer(options);
process.stdout.write('begins\n');
await indexer.retire();
