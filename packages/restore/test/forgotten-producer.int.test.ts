import { connectKafka } from '@kops/kafka';
import { readWithJava, sandboxKafka } from '@kops/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RestoreTarget } from '../src/index.ts';
import { offsetsFrom } from './batches.ts';
import { expectWholeContent, partitionCount, TroubledRestore } from './troubled-restore.ts';

/** Producers whose last record is older than a day are forgotten at once, not only every ten minutes. */
const config = { 'producer.id.expiration.check.interval.ms': '20' };
const sandbox = sandboxKafka({ beforeAll, afterAll }, { config });

it('is no trouble for a restore whose producer is forgotten again and again', async () => {
  await using restore = await TroubledRestore.create({ replicationFactor: 1 });
  await using client = await connectKafka({ bootstrapServers: [sandbox().bootstrapServers] });
  const opened: string[] = [];
  const counting: RestoreTarget = {
    ...client,
    openProduceLane: (options) => {
      opened.push(`${String(options.partition)} ${String(options.maxUnderWay)}`);
      return client.openProduceLane(options);
    },
  };
  expect((await restore.run(counting, 'forgotten')).status).toBe('complete');
  // One lane each: not a single batch was refused.
  expect(opened.sort()).toEqual(offsetsFrom(0, partitionCount).map((one) => `${String(one)} 5`));
  expectWholeContent(await readWithJava(sandbox(), { topics: ['forgotten'] }));
}, 120_000);
