import { kafkaAdmin, produceWithJava, sandboxKafka, sendAll } from '@kops/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  archivedRecords,
  assertShowsTopics,
  leftoversIn,
  openArchiveIn,
} from './archive-content.ts';
import { committedBy, numbered } from './follow-events.ts';
import { repositoryFolder } from './repository-folder.ts';
import { startBackup } from './run-backup.ts';
import { Station, type StationOptions } from './station.ts';

const sandbox = sandboxKafka({ beforeAll, afterAll });
const folder = repositoryFolder({ beforeEach, afterEach });

const options = (): StationOptions => ({
  bootstrapServers: sandbox().bootstrapServers,
  repositories: [folder()],
  segmentBytes: 16 * 1024,
  processes: true,
});

const values = (name: string, count: number): string[] =>
  numbered(name, count).map((text) => `${text} ${'.'.repeat(200)}`);

const send = (topic: string, partition: number, name: string, count: number): Promise<unknown> =>
  produceWithJava(sandbox(), sendAll({ topic, partition }, values(name, count)));

async function shownValues(archive: string, topic: string): Promise<Map<number, string[]>> {
  const shown = await archivedRecords(await openArchiveIn(folder(), archive), [topic]);
  return new Map(
    [...Map.groupBy(shown, ({ partition }) => partition)].map(([partition, records]) => [
      partition,
      records.map(({ value }) => Buffer.from(value ?? '', 'base64').toString()),
    ]),
  );
}

/** Follows topics until partitions are acknowledged up to an offset, and kills the archiver: no generation has been committed. */
async function followAndDie(
  topics: readonly string[],
  acknowledged: readonly { topic: string; partition: number; offset: bigint }[],
): Promise<void> {
  await using station = await Station.open(options());
  await station.startAgent();
  const follow = await startBackup(station.operator, topics, {
    follow: true,
    generationIntervalMs: 600_000,
  });
  const { backupId } = follow.started;
  for (const { topic, partition, offset } of acknowledged) {
    const query = { backupId, topic, partition, waitForOffset: offset, timeoutMs: 90_000 };
    expect(await station.operator.watermark(query)).toBe(offset);
  }
  expect(committedBy(follow)).toEqual([]);
  await station.archiver.kill();
}

describe('a topic that is deleted after a kill -9 of the archiver', () => {
  it('is in the next archive with all that was acknowledged, whatever that backup is about', async () => {
    const admin = kafkaAdmin(sandbox());
    await admin.createTopic({ topic: 'doomed', partitions: 2, configs: { 'retention.ms': '-1' } });
    await admin.createTopic({ topic: 'stays' });
    await send('doomed', 0, 'a', 200);
    await send('doomed', 1, 'b', 7);
    await send('stays', 0, 'c', 30);
    await followAndDie(
      ['doomed', 'stays'],
      [
        { topic: 'doomed', partition: 0, offset: 200n },
        { topic: 'doomed', partition: 1, offset: 7n },
        { topic: 'stays', partition: 0, offset: 30n },
      ],
    );
    await admin.deleteTopics('doomed');

    await using station = await Station.open(options());
    await station.startAgent();
    const next = await startBackup(station.operator, ['stays']);
    const archives = await next.done;
    expect(archives).toMatchObject([{ topics: 2, partitions: 3, records: 237n, losses: 2 }]);
    expect(next.events.flatMap((event) => (event.type === 'notice' ? [event.kind] : []))).toEqual([
      'topic-deleted',
      'loss',
      'loss',
      'continued',
    ]);
    const archive = archives[0]?.archive ?? '';
    expect(await shownValues(archive, 'doomed')).toEqual(
      new Map([
        [0, values('a', 200)],
        [1, values('b', 7)],
      ]),
    );
    const { manifest } = await openArchiveIn(folder(), archive);
    const doomed = manifest.topics.find(({ name }) => name === 'doomed');
    expect(doomed).toMatchObject({
      partitionCount: 2,
      partitions: [
        { cut: 200n, losses: [{ from: 200n, to: 200n, reason: 'topic-deleted' }] },
        { cut: 7n, losses: [{ from: 7n, to: 7n, reason: 'topic-deleted' }] },
      ],
    });
    expect(doomed?.configs).toContainEqual({
      name: 'retention.ms',
      value: '-1',
      source: 'DYNAMIC_TOPIC_CONFIG',
    });
    expect(await assertShowsTopics(folder(), sandbox(), ['stays'])).toBe(30);
    expect(await leftoversIn(folder())).toEqual([]);

    expect(manifest.selection).toEqual({
      topics: ['stays'],
      exclude: [],
      gone: ['doomed'],
      leftovers: false,
    });

    // Told once: the next one is about what there is.
    const [later] = await (await startBackup(station.operator, ['stays'])).done;
    expect(later).toMatchObject({ topics: 1, losses: 0 });
    // The first backup that would hold it tells that it is gone, and where it was last.
    const whole = await startBackup(station.operator, []);
    const topicId = doomed?.topicId ?? '';
    expect(whole.started.deletedTopics).toEqual([{ topic: 'doomed', topicId, archive }]);
    const [last] = await whole.done;
    const { manifest: after } = await openArchiveIn(folder(), last?.archive);
    expect(after.deletedSinceParent).toEqual([{ name: 'doomed', topicId, archive }]);
    expect(after.topics.map(({ name }) => name)).toContain('stays');
    expect((await shownValues(archive, 'doomed')).get(0)).toHaveLength(200);
  });

  it('stays in the repository when the next backup excludes it, and is reported', async () => {
    const admin = kafkaAdmin(sandbox());
    await admin.createTopic({ topic: 'secret' });
    await send('secret', 0, 's', 120);
    await followAndDie(['secret'], [{ topic: 'secret', partition: 0, offset: 120n }]);
    await admin.deleteTopics('secret');
    await admin.createTopic({ topic: 'plain' });
    await admin.createTopic({ topic: 'second' });
    await send('plain', 0, 'p', 5);

    await using station = await Station.open(options());
    await station.startAgent();
    const without = await startBackup(station.operator, ['plain'], { exclude: ['sec*'] });
    expect(await without.done).toMatchObject([{ topics: 1, losses: 0 }]);
    expect(without.notices).toEqual([expect.stringContaining('topic secret was deleted')]);
    const [archive] = await (await startBackup(station.operator, ['plain'])).done;
    expect(archive).toMatchObject({ topics: 2, losses: 1 });
    expect((await shownValues(archive?.archive ?? '', 'secret')).get(0)).toEqual(values('s', 120));
    expect(await leftoversIn(folder())).toEqual([]);
  });
});

describe('a topic that is created anew after a kill -9 of the archiver', () => {
  it('has an archive for each life, none with both', async () => {
    const admin = kafkaAdmin(sandbox());
    await admin.createTopic({ topic: 'twice' });
    await send('twice', 0, 'first', 150);
    await followAndDie(['twice'], [{ topic: 'twice', partition: 0, offset: 150n }]);
    await admin.deleteTopics('twice');
    await admin.createTopic({ topic: 'twice' });
    await send('twice', 0, 'second', 40);

    await using station = await Station.open(options());
    await station.startAgent();
    const { done } = await startBackup(station.operator, ['twice']);
    const archives = await done;
    expect(archives).toMatchObject([
      { generation: 0, records: 150n, losses: 1 },
      { generation: 1, records: 40n, losses: 0 },
    ]);
    const [old, now] = archives.map(({ archive }) => archive);
    expect((await shownValues(old ?? '', 'twice')).get(0)).toEqual(values('first', 150));
    expect((await shownValues(now ?? '', 'twice')).get(0)).toEqual(values('second', 40));
    expect(await assertShowsTopics(folder(), sandbox(), ['twice'])).toBe(40);
    expect(await leftoversIn(folder())).toEqual([]);
  });
});
