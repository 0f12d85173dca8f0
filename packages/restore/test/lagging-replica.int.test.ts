import { setTimeout as sleep } from 'node:timers/promises';
import { connectKafka } from '@kops/kafka';
import { readWithJava, sandboxKafka } from '@kops/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectWholeContent, TroubledRestore } from './troubled-restore.ts';

/** A replica that stands still stays in sync for longer than the test lasts: until then the log ends do not move. */
const config = { 'replica.lag.time.max.ms': '60000', 'broker.session.timeout.ms': '60000' };
const sandbox = sandboxKafka({ beforeAll, afterAll }, { brokers: 3, config });

it('waits for batches that are written and not replicated, instead of sending them again', async () => {
  const kafka = sandbox();
  await using restore = await TroubledRestore.create();
  await using client = await connectKafka({
    bootstrapServers: kafka.bootstrapServers.split(','),
    requestTimeoutMs: 2_000,
  });
  const [, , replica] = kafka.brokers;
  const result = await restore.runThrough(client, 'lagging', [
    [
      0.1,
      async () => {
        kafka.pause(replica?.id ?? 0);
        await sleep(14_000);
        kafka.resume(replica?.id ?? 0);
      },
    ],
  ]);
  expect(result.status).toBe('complete');
  expectWholeContent(await readWithJava(kafka, { topics: ['lagging'] }));
}, 240_000);
