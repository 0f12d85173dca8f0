import { setTimeout as sleep } from 'node:timers/promises';
import { KopsError } from '@kops/core';
import { connectKafka, type KafkaClient, type ProduceListener } from '@kops/kafka';
import { readWithJava, readWithKcat, sandboxKafka } from '@kops/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RestoreTarget } from '../src/index.ts';
import { batchAt } from './batches.ts';
import { expectWholeContent, partitionCount, TroubledRestore } from './troubled-restore.ts';

describe('a restore with several batches of a partition under way', () => {
  const kafka = sandboxKafka({ beforeAll, afterAll }, { brokers: 3 });
  let client: KafkaClient;
  let restore: TroubledRestore;

  beforeAll(async () => {
    client = await connectKafka({
      bootstrapServers: kafka().bootstrapServers.split(','),
      connectTimeoutMs: 2_000,
      requestTimeoutMs: 3_000,
    });
    restore = await TroubledRestore.create();
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await restore[Symbol.asyncDispose]();
  });

  const kill = async (id: number): Promise<void> => {
    await kafka().kill(id);
    await sleep(500);
    await kafka().restart(id);
  };
  const shutDown = async (id: number): Promise<void> => {
    await kafka().stop(id);
    await kafka().restart(id);
  };
  const ids = (): number[] => kafka().brokers.map(({ id }) => id);

  it.each([1, 2, 3])(
    'loses, doubles and reorders nothing when brokers are killed and leaders move (%i)',
    async (seed) => {
      const name = `moved-${String(seed)}`;
      const [first = 0, second = 0] = [ids()[seed % 3], ids()[(seed + 1) % 3]];
      const troubles = [
        [0.05 * seed, () => kill(first)],
        [0.3, () => (seed % 2 === 0 ? kill(second) : shutDown(second))],
      ] as const;
      const result = await restore.runThrough(client, name, troubles);
      expect(result.status).toBe('complete');
      expectWholeContent(await readWithJava(kafka(), { topics: [name] }));
    },
    240_000,
  );

  it('goes on by itself when answers are lost while the batches get through', async () => {
    let lost = 0;
    /** Takes every 1,500th answer for lost, with those behind it that are under way. */
    const forgetful = (listener: ProduceListener, close: () => void): ProduceListener => {
      let appended = 0;
      return {
        onAppended: (batch) => {
          appended += 1;
          if (appended < 1_500) listener.onAppended(batch);
          if (appended !== 1_500) return;
          lost += 1;
          close();
          listener.onFailed(new KopsError('KOPS_KAFKA_UNREACHABLE', 'the answer was lost'));
        },
        onFailed: (error) => {
          listener.onFailed(error);
        },
      };
    };
    const target: RestoreTarget = {
      ...client,
      openProduceLane: async (options) => {
        const lane = await client.openProduceLane({
          ...options,
          listener: forgetful(options.listener, () => {
            lane.close();
          }),
        });
        return lane;
      },
    };
    expect((await restore.run(target, 'unanswered')).status).toBe('complete');
    expect(lost).toBe(partitionCount);
    expectWholeContent(await readWithKcat(kafka(), { topics: ['unanswered'] }));
  }, 120_000);

  it('stops with the offset when somebody else writes to the topic', async () => {
    let isWritten = false;
    const restored = restore.run(client, 'shared', (share) => {
      if (share < 0.1 || isWritten) return;
      isWritten = true;
      void client.produce({ topic: 'shared', partition: 2, batch: batchAt([0]) });
    });
    await expect(restored).rejects.toMatchObject({
      code: 'KOPS_OFFSET_MISMATCH',
      at: { topic: 'shared', partition: 2 },
    });
  }, 120_000);
});
