import type { Archive } from '@kops/repository';
import {
  assertSameRecords,
  kafkaAdmin,
  produceWithJava,
  readWithJava,
  sandboxKafka,
  type KafkaCluster,
  type OracleRecord,
} from '@kops/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  archivedRecords,
  assertShowsTopics,
  leftoversIn,
  openArchiveIn,
} from './archive-content.ts';
import { committedBy } from './follow-events.ts';
import { repositoryFolder } from './repository-folder.ts';
import { backUp, eventually, startBackup, type RunningBackup } from './run-backup.ts';
import { Station } from './station.ts';

/*
 * A real unclean leader election. The brokers are controllers too, so one of those that are no replica stays up, and never more than
 * one replica dies at a time while the other is needed for a quorum.
 */
const sandbox = sandboxKafka({ beforeAll, afterAll }, { brokers: 3 });
const [leader, follower] = [1, 2];
/** Records that both replicas have; that the leader alone has; that the new leader gets in their place. */
const common = 300;
const lost = 100;

const folder = repositoryFolder({ beforeEach, afterEach });

/** Another seed, other content. */
async function produce(topic: string, count: number, seed: number): Promise<void> {
  await produceWithJava(sandbox(), [
    { do: 'generate', topic, count, partitions: 1, valueBytes: 300, seed },
  ]);
}

async function createTopic(topic: string): Promise<void> {
  await kafkaAdmin(sandbox()).createTopic({
    topic,
    assignments: [[leader, follower]],
    configs: { 'unclean.leader.election.enable': 'true', 'min.insync.replicas': '1' },
  });
}

/** Waits until a topic has this leader and these replicas in sync. */
async function untilLedBy(
  kafka: KafkaCluster,
  topics: readonly string[],
  broker: number,
  isr: number,
): Promise<void> {
  await eventually(
    () => kafkaAdmin(kafka).describeTopics(...topics),
    (states) =>
      states.every(({ partitions }) =>
        partitions.every((state) => state.leader === broker && state.isr.length === isr),
      ),
  );
}

/** The follower dies and the leader goes on alone. */
async function loseFollower(topics: readonly string[]): Promise<void> {
  await sandbox().kill(follower);
  await untilLedBy(sandbox(), topics, leader, 1);
}

/** The leader dies too, and the follower that lacks its last records is elected. The old leader comes back and follows. */
async function electUncleanly(replaced: Readonly<Record<string, number>>): Promise<void> {
  const kafka = sandbox();
  const topics = Object.keys(replaced);
  await kafka.kill(leader);
  await kafka.restart(follower);
  await untilLedBy(kafka, topics, follower, 1);
  for (const [topic, count] of Object.entries(replaced)) await produce(topic, count, 3);
  await kafka.restart(leader);
  await untilLedBy(kafka, topics, follower, 2);
}

const truncations = (archive: Archive, topic: string) =>
  archive.partition(topic, 0).losses.filter(({ reason }) => reason === 'truncation');

/** Offsets that differ between what a topic held before and what it holds now: else nothing was put to the test. */
function changedOffsets(before: readonly OracleRecord[], after: readonly OracleRecord[]): number {
  const values = new Map(before.map(({ offset, value }) => [offset, value]));
  return after.filter(({ offset, value }) => values.has(offset) && values.get(offset) !== value)
    .length;
}

describe('an unclean leader election', () => {
  it('between two snapshots is a loss, and the archives keep the lives of the log apart', async () => {
    const kafka = sandbox();
    // The new log is shorter than what was archived, as long, longer.
    const replaced = { shorter: 40, equal: lost, longer: 250 };
    const topics = Object.keys(replaced);
    for (const topic of topics) await createTopic(topic);
    for (const topic of topics) await produce(topic, common, 1);
    await loseFollower(topics);
    for (const topic of topics) await produce(topic, lost, 2);
    const before = await readWithJava(kafka, { topics });

    await using station = await Station.open({
      bootstrapServers: kafka.bootstrapServers,
      repositories: [folder()],
    });
    await station.startAgent();
    const first = await backUp(station.operator, topics);
    expect(first).toMatchObject({ records: BigInt(3 * (common + lost)), losses: 0 });

    await electUncleanly(replaced);
    const after = await readWithJava(kafka, { topics });
    for (const topic of topics) {
      const of = (records: readonly OracleRecord[]): OracleRecord[] =>
        records.filter((record) => record.topic === topic);
      expect(changedOffsets(of(before), of(after))).toBeGreaterThan(30);
    }

    const second = await backUp(station.operator, topics);
    expect(second.losses).toBe(3);
    expect(await assertShowsTopics(folder(), kafka, topics)).toBe(after.length);
    const now = await openArchiveIn(folder());
    const then = await openArchiveIn(folder(), first.archive);
    assertSameRecords(before, await archivedRecords(then, topics));
    const parted = BigInt(common);
    for (const [topic, count] of Object.entries(replaced)) {
      expect(truncations(then, topic)).toEqual([]);
      expect(truncations(now, topic)).toMatchObject([{ from: parted, to: BigInt(common + lost) }]);
      const { cut, lineage } = now.partition(topic, 0);
      expect(cut).toBe(BigInt(common + count));
      expect(lineage.leaderEpochs.at(-1)?.startOffset).toBe(parted);
      // What the old leader alone had is in no segment that the second archive shows; what both had is not stored twice.
      const [old, ...others] = (await now.segments({ topic, partition: 0 })).segments;
      expect(old?.slice).toMatchObject({ start: 0n, end: parted });
      expect((await then.segments({ topic, partition: 0 })).segments[0]?.key).toBe(old?.key);
      expect(others.every(({ slice }) => slice.start >= parted)).toBe(true);
    }
    expect(await leftoversIn(folder())).toEqual([]);
  });

  it('in the middle of a follow is a loss, and its generations keep the lives of the log apart', async () => {
    const kafka = sandbox();
    const topic = 'followed';
    await createTopic(topic);
    await produce(topic, common, 1);
    await using station = await Station.open({
      bootstrapServers: kafka.bootstrapServers,
      repositories: [folder()],
    });
    await station.startAgent();
    const backup = await startBackup(station.operator, [topic], { follow: true });
    await archivedUpTo(station, backup, common);
    await loseFollower([topic]);
    await produce(topic, lost, 2);
    await archivedUpTo(station, backup, common + lost);
    const before = await readWithJava(kafka, { topics: [topic] });
    const generation = await eventually(
      () => committedBy(backup).find(({ records }) => records === BigInt(common + lost))?.archive,
      (archive) => archive !== undefined,
    );

    await electUncleanly({ [topic]: 250 });
    await archivedUpTo(station, backup, common + 250);
    await station.operator.stopBackup(backup.started.backupId);
    const archives = await backup.done;
    expect(archives.at(-1)).toMatchObject({ records: BigInt(common + 250), losses: 1 });
    expect(await assertShowsTopics(folder(), kafka, [topic])).toBe(common + 250);
    expect(truncations(await openArchiveIn(folder()), topic)).toMatchObject([
      { from: BigInt(common), to: BigInt(common + lost) },
    ]);
    assertSameRecords(
      before,
      await archivedRecords(await openArchiveIn(folder(), generation), [topic]),
    );
    // Whatever a generation shows is one of the two lives, up to some point.
    const after = await readWithJava(kafka, { topics: [topic] });
    for (const { archive } of archives) {
      const shown = await archivedRecords(await openArchiveIn(folder(), archive), [topic]);
      const life = changedOffsets(before, shown) === 0 ? before : after;
      assertSameRecords(life.slice(0, shown.length), shown);
    }
    expect(await leftoversIn(folder())).toEqual([]);
  });
});

/** Waits until a partition is durable up to an offset. A truncation takes its watermark back first. */
async function archivedUpTo(
  station: Station,
  { started }: RunningBackup,
  offset: number,
): Promise<void> {
  const [planned] = started.partitions;
  const watermark = await station.operator.watermark({
    backupId: started.backupId,
    topic: planned?.topic ?? '',
    partition: 0,
    waitForOffset: BigInt(offset),
    timeoutMs: 90_000,
  });
  expect(watermark).toBe(BigInt(offset));
}
