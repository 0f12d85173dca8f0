import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KopsError } from '@kops/core';
import { connectKafka, type KafkaClient, type ProduceListener } from '@kops/kafka';
import { openFileStore } from '@kops/object-store/file';
import type { Archive } from '@kops/repository';
import {
  readWithJava,
  readWithKcat,
  sandboxKafka,
  toBase64,
  type OracleRecord,
} from '@kops/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  executeRestore,
  inspectTarget,
  planRestore,
  type RestoreResult,
  type RestoreTarget,
} from '../src/index.ts';
import { archiveOf } from './archive-fixture.ts';
import { batchAt, offsetsFrom, recordAt } from './batches.ts';

const partitionCount = 6;
const batchCount = 2_500;
const batchRecords = 6;
const recordCount = batchCount * batchRecords;

type Line = Pick<OracleRecord, 'offset' | 'timestamp' | 'key' | 'value'>;

const line = ({ offset, timestamp, key, value }: Line): string =>
  `${String(offset)} ${String(timestamp)} ${key ?? 'null'} ${value ?? 'null'}`;

const expected = offsetsFrom(0, recordCount)
  .map((offset) => {
    const { timestamp, key, value } = recordAt(offset);
    return line({ offset: BigInt(offset), timestamp, key: toBase64(key), value: toBase64(value) });
  })
  .join('\n');

function expectWholeContent(records: readonly OracleRecord[]): void {
  for (const partition of offsetsFrom(0, partitionCount)) {
    const found = records.filter((record) => record.partition === partition);
    // Compared as one text: a difference of 15,000 lines is no message.
    expect([partition, found.map(line).join('\n') === expected]).toEqual([partition, true]);
  }
}

describe('a restore with several batches of a partition under way', () => {
  const kafka = sandboxKafka(
    { beforeAll, afterAll },
    // Slower than the test is patient, so that a replica that stands still stays in sync.
    { brokers: 3, config: { 'replica.lag.time.max.ms': '20000' } },
  );
  let folder: string;
  let client: KafkaClient;
  let archive: Archive;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kops-restore-int-'));
    client = await connectKafka({
      bootstrapServers: kafka().bootstrapServers.split(','),
      connectTimeoutMs: 2_000,
      requestTimeoutMs: 3_000,
    });
    const store = await openFileStore(join(folder, 'repository'), { create: true });
    const batches = offsetsFrom(0, batchCount).map((index) =>
      batchAt(offsetsFrom(index * batchRecords, batchRecords)),
    );
    const partitions = offsetsFrom(0, partitionCount).map(() => ({
      batches,
      batchesPerSegment: 400,
    }));
    archive = await archiveOf([{ name: 'moved', partitions, replicationFactor: 3 }], { store });
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const restoreAs = async (
    name: string,
    target: RestoreTarget = client,
    onShare: (share: number) => void = () => undefined,
  ): Promise<RestoreResult> => {
    const options = { renames: { moved: name } };
    const plan = planRestore(
      archive.manifest,
      await inspectTarget(target, archive.manifest, options),
      options,
    );
    return await executeRestore({
      archive,
      kafka: target,
      plan,
      statePath: join(folder, name, 'state.json'),
      // Small windows: else all would be on its way before anything happens.
      limits: { stableMs: 500, checkpointMs: 100, bytes: partitionCount * 16 * 1024 },
      onProgress: ({ records }) => {
        onShare(records / (recordCount * partitionCount));
      },
    });
  };

  /** Runs each trouble when so much of the restore is done; what was still to come at its end proves nothing. */
  const restoreThrough = async (
    name: string,
    troubles: readonly (readonly [share: number, trouble: () => Promise<void>])[],
  ): Promise<RestoreResult> => {
    const left = [...troubles];
    let running: Promise<void> = Promise.resolve();
    const result = await restoreAs(name, client, (share) => {
      if (share >= (left[0]?.[0] ?? 2)) {
        const trouble = left.shift()?.[1];
        running = running.then(trouble);
        running.catch(() => undefined);
      }
    });
    await running;
    expect(left).toEqual([]);
    return result;
  };

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
      const result = await restoreThrough(name, troubles);
      expect(result.status).toBe('complete');
      expectWholeContent(await readWithJava(kafka(), { topics: [name] }));
    },
    240_000,
  );

  it('waits for batches that are written and not replicated, instead of sending them again', async () => {
    const id = ids()[1] ?? 0;
    const result = await restoreThrough('lagging', [
      [
        0.1,
        async () => {
          kafka().pause(id);
          await sleep(7_000);
          kafka().resume(id);
        },
      ],
    ]);
    expect(result.status).toBe('complete');
    expectWholeContent(await readWithJava(kafka(), { topics: ['lagging'] }));
  }, 240_000);

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
    expect((await restoreAs('unanswered', target)).status).toBe('complete');
    expect(lost).toBe(partitionCount);
    expectWholeContent(await readWithKcat(kafka(), { topics: ['unanswered'] }));
  }, 120_000);

  it('stops with the offset when somebody else writes to the topic', async () => {
    let isWritten = false;
    const restored = restoreAs('shared', client, (share) => {
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
