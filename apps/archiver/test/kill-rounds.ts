import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Offset } from '@kops/core';
import type { OperatorApi } from '@kops/transport';
import { kafkaAdmin, openJavaProducer, produceWithJava, sandboxKafka } from '@kops/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { archivedBytes, assertShowsTopics, brokerBytes, leftoversIn } from './archive-content.ts';
import { backUp, eventually, startBackup, type RunningBackup } from './run-backup.ts';
import { Station, type StationOptions } from './station.ts';

/** Seeds of the rounds to run: each decides when a process is killed. */
export interface KillRounds {
  readonly archiver: readonly number[];
  readonly agent: readonly number[];
  readonly follow: readonly number[];
}

/** What an archiver has acknowledged, summed over the partitions. */
interface Watermarks {
  /** As far as it was heard of. */
  acknowledged(): bigint;
  /** The same. @throws what the archiver answered instead */
  whileAlive(): bigint;
}

/** Suites that kill archivers and agents at random moments. */
export function describeKills(rounds: KillRounds): void {
  const sandbox = sandboxKafka({ beforeAll, afterAll });
  const partitions = [0, 1, 2];
  const counts = new RoundCounts();
  let folder: string;
  beforeAll(async () => {
    await kafkaAdmin(sandbox()).createTopic({ topic: 'bulk', partitions: 3 });
    await kafkaAdmin(sandbox()).createTopic({ topic: 'aside' });
    await produceWithJava(sandbox(), [
      {
        do: 'generate',
        topic: 'bulk',
        count: 30_000,
        partitions: 3,
        valueBytes: 1000,
        content: 'random',
      },
      { do: 'generate', topic: 'aside', count: 50, partitions: 1 },
    ]);
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kops-kills-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const options = (): StationOptions => ({
    bootstrapServers: sandbox().bootstrapServers,
    repositories: [folder],
    segmentBytes: 512 * 1024,
    processes: true,
  });

  /** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
  function randomFrom(seed: number): () => number {
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
  }

  /** The archived watermarks of a topic, one after the other. */
  async function watermarksOf(
    operator: OperatorApi,
    { started: { backupId } }: RunningBackup,
    topic: string,
  ): Promise<Offset[]> {
    const watermarks: Offset[] = [];
    for (const partition of partitions) {
      const query = { backupId, topic, partition, waitForOffset: 0n, timeoutMs: 1000 };
      watermarks.push(await operator.watermark(query));
    }
    return watermarks;
  }

  /**
   * Asks for watermarks until the archiver is gone; the last answers are what was acknowledged. What ended the asking or
   * the backup is thrown to whoever waits for more of it: only a killed archiver may not answer.
   */
  function askWatermarks(operator: OperatorApi, backup: RunningBackup, topic: string): Watermarks {
    let last: readonly Offset[] = [];
    let failure: unknown;
    const ask = async (): Promise<void> => {
      for (;;) {
        last = await watermarksOf(operator, backup, topic);
        await sleep(5);
      }
    };
    const fail = (error: unknown): void => {
      failure ??= error;
    };
    ask().catch(fail);
    backup.done.catch(fail);
    return {
      acknowledged: () => sum(last),
      whileAlive: () => {
        if (failure !== undefined) throw failure as Error;
        return sum(last);
      },
    };
  }

  /** Waits until the random share of the topic is acknowledged. */
  async function untilAcknowledged(watermarks: Watermarks, share: number): Promise<void> {
    await eventually(
      () => watermarks.whileAlive(),
      (offsets) => Number(offsets) >= share * 30_000,
    );
  }

  async function expectWhole(): Promise<void> {
    for (const partition of partitions) {
      const stored = await archivedBytes(folder, 'bulk', partition);
      expect(stored.equals(await brokerBytes(sandbox(), 'bulk', partition))).toBe(true);
    }
    expect(await leftoversIn(folder)).toEqual([]);
  }

  /** Offsets that archives hold: a run begins behind them. */
  const plannedOffsets = ({ started }: RunningBackup): bigint =>
    sum(started.partitions.map(({ resumeOffset }) => resumeOffset));

  /** Whether all there is was in an archive when a backup began. */
  const isArchived = (backup: RunningBackup): boolean => plannedOffsets(backup) === 30_000n;

  /** Offsets that a new archiver has without reading anything from Kafka: it gets no agent until then. */
  async function recoveredOffsets(station: Station, backup: RunningBackup): Promise<bigint> {
    const [summary] = await station.operator.listBackups();
    return plannedOffsets(backup) + (summary?.progress.offsetsDone ?? 0n);
  }

  describe('kill -9', () => {
    it.each(rounds.archiver)(
      'of the archiver: the next run has all that was acknowledged (seed %i)',
      async (seed) => {
        const random = randomFrom(seed);
        let acknowledged = 0n;
        // Killed more than once, also while it recovers.
        for (let round = 0; round < 3; round++) {
          await using station = await Station.open(options());
          const backup = await startBackup(station.operator, ['bulk']);
          if (round > 0) counts.add('archiver', { isInterrupted: !isArchived(backup) });
          // A partition is part of the backup from the first moment on, recovered or not.
          await watermarksOf(station.operator, backup, 'bulk');
          const recovered = await eventually(
            () => recoveredOffsets(station, backup),
            (offsets) => offsets >= acknowledged,
          );
          expect(recovered).toBeGreaterThanOrEqual(acknowledged);
          await station.startAgent();
          const watermarks = askWatermarks(station.operator, backup, 'bulk');
          await untilAcknowledged(
            watermarks,
            Math.min(0.9, Number(acknowledged) / 30_000 + random() * 0.3),
          );
          await sleep(random() * 40);
          await station.archiver.kill();
          acknowledged = watermarks.acknowledged();
        }
        // A backup of something else must not take away what waits for its own.
        await using station = await Station.open(options());
        await station.startAgent();
        await backUp(station.operator, ['aside']);
        const last = await startBackup(station.operator, ['bulk']);
        await last.done;
        // A fast one may have committed its archive in the moment before it was killed: then that is what is extended.
        counts.add('archiver', { isInterrupted: !isArchived(last) });
        const isContinued = last.notices.some((text) =>
          text.startsWith('resuming an interrupted backup'),
        );
        expect(isContinued).toBe(!isArchived(last));
        await expectWhole();
      },
    );

    it.each(rounds.agent)(
      'of the agent: another one goes on in the same backup (seed %i)',
      async (seed) => {
        const random = randomFrom(seed);
        await using station = await Station.open(options());
        let agent = await station.startAgent();
        const backup = await startBackup(station.operator, ['bulk']);
        const watermarks = askWatermarks(station.operator, backup, 'bulk');
        for (let round = 1; round <= 3; round++) {
          await untilAcknowledged(watermarks, round * 0.2 * random());
          await agent.kill();
          const { progress } = (await station.operator.listBackups())[0] ?? {};
          counts.add('agent', { isInterrupted: progress?.partitionsDone !== partitions.length });
          agent = await station.startAgent();
        }
        const [archive] = await backup.done;
        expect(archive).toMatchObject({ records: 30_000n, losses: 0 });
        await expectWhole();
      },
    );

    it.each(rounds.follow)(
      'of archiver and agent during a follow: generations stay, the next run continues (seed %i)',
      async (seed) => {
        const kafka = sandbox();
        const topic = `flow-${String(seed)}`;
        await kafkaAdmin(kafka).createTopic({ topic, partitions: 3 });
        const random = randomFrom(seed);
        await using producer = await openJavaProducer(kafka);
        let produced = 0;
        let acknowledged = 0n;
        for (let round = 0; round < 3; round++) {
          await using station = await Station.open(options());
          const backup = await startBackup(station.operator, [topic], { follow: true });
          await eventually(
            () => recoveredOffsets(station, backup),
            (offsets) => offsets >= acknowledged,
          );
          const agent = await station.startAgent();
          const watermarks = askWatermarks(station.operator, backup, topic);
          for (let step = 0; step < 5; step++) {
            await producer.run([
              {
                do: 'generate',
                topic,
                count: 900,
                partitions: 3,
                valueBytes: 500,
                seed: produced,
              },
            ]);
            produced += 900;
            await sleep(random() * 300);
          }
          await eventually(
            () => watermarks.whileAlive(),
            (offsets) => offsets > acknowledged,
          );
          await (round === 1 ? agent.kill() : Promise.resolve());
          await station.archiver.kill();
          acknowledged = watermarks.acknowledged();
        }
        await using station = await Station.open(options());
        await station.startAgent();
        await backUp(station.operator, [topic]);
        expect(await assertShowsTopics(folder, kafka, [topic])).toBe(produced);
        expect(await leftoversIn(folder)).toEqual([]);
      },
    );

    // Without this the suite could become one of backups that were through before they were killed. It comes last.
    it.each(['archiver', 'agent'] as const)('came before the end, mostly: of the %s', (victim) => {
      expect(counts.of(victim)).toSatisfy(
        ({ rounds, interrupted }: RoundCount) => rounds > 0 && interrupted * 3 >= rounds * 2,
        'two thirds of the rounds are interrupted',
      );
    });
  });
}

interface RoundCount {
  readonly rounds: number;
  readonly interrupted: number;
}

/** How many rounds there were, and how many of them ended a backup that had not ended. */
class RoundCounts {
  readonly #counts = new Map<string, RoundCount>();

  add(victim: string, { isInterrupted }: { readonly isInterrupted: boolean }): void {
    const { rounds, interrupted } = this.of(victim);
    this.#counts.set(victim, {
      rounds: rounds + 1,
      interrupted: interrupted + (isInterrupted ? 1 : 0),
    });
  }

  of(victim: string): RoundCount {
    return this.#counts.get(victim) ?? { rounds: 0, interrupted: 0 };
  }
}

function sum(offsets: readonly Offset[]): bigint {
  return offsets.reduce((total, offset) => total + offset, 0n);
}
