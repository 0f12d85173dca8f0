import {
  compareRecords,
  kafkaAdmin,
  openJavaProducer,
  produceWithJava,
  readWithJava,
  sandboxKafka,
  sendAll,
} from '@kops/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  archivedRecords,
  assertShowsTopics,
  leftoversIn,
  openArchiveIn,
} from './archive-content.ts';
import { numbered, untilCommitted } from './follow-events.ts';
import { repositoryFolder } from './repository-folder.ts';
import { eventually, startBackup } from './run-backup.ts';
import { Station } from './station.ts';

const sandbox = sandboxKafka({ beforeAll, afterAll });
const folder = repositoryFolder({ beforeEach, afterEach });
let station: Station;
beforeEach(async () => {
  station = await Station.open({
    bootstrapServers: sandbox().bootstrapServers,
    repositories: [folder()],
    segmentBytes: 128 * 1024,
  });
  await station.startAgent();
});
afterEach(async () => {
  await station[Symbol.asyncDispose]();
});

it('commits generations, each a prefix of what is there, the last one whole', async () => {
  const kafka = sandbox();
  await kafkaAdmin(kafka).createTopic({ topic: 'stream', partitions: 3 });
  const follow = await startBackup(station.operator, ['stream'], { follow: true });
  await using producer = await openJavaProducer(kafka);
  for (let round = 0; round < 12; round++) {
    await producer.run([
      { do: 'generate', topic: 'stream', count: 600, partitions: 3, valueBytes: 300, seed: round },
    ]);
    // One before more is produced, and one that shows it: on a slow machine all of it could come before the first.
    if (round % 6 === 5) await untilCommitted(follow, round < 6 ? 1 : 2);
  }
  // All streams end after a second without data; then more comes.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await producer.run([
    { do: 'generate', topic: 'stream', count: 90, partitions: 3, valueBytes: 10_000, seed: 99 },
  ]);
  const { backupId } = follow.started;
  for (const partition of [0, 1, 2]) {
    const watermark = await station.operator.watermark({
      backupId,
      topic: 'stream',
      partition,
      waitForOffset: 2430n,
      timeoutMs: 60_000,
    });
    expect(watermark).toBe(2430n);
  }
  await station.operator.stopBackup(backupId);
  const archives = await follow.done;

  expect(archives.length).toBeGreaterThanOrEqual(2);
  const all = await readWithJava(kafka, { topics: ['stream'] });
  expect(await assertShowsTopics(folder(), kafka, ['stream'])).toBe(7290);
  for (const { archive, records } of archives) {
    const opened = await openArchiveIn(folder(), archive);
    const shown = await archivedRecords(opened, ['stream']);
    expect(BigInt(shown.length)).toBe(records);
    const cuts = opened.manifest.topics[0]?.partitions.map(({ cut }) => cut) ?? [];
    const prefix = all.filter(({ partition, offset }) => offset < (cuts[partition] ?? 0n));
    const { difference } = compareRecords(prefix, shown, { allowEmpty: true });
    expect(difference, `${archive} with the cuts ${cuts.join(', ')}`).toBeUndefined();
  }
  expect(archives.map(({ generation }) => generation)).toEqual([...archives.keys()]);
  expect(await leftoversIn(folder())).toEqual([]);
});

it('leaves what an open transaction holds back to the next backup, and nothing of it behind', async () => {
  const kafka = sandbox();
  await kafkaAdmin(kafka).createTopic({ topic: 'held' });
  await produceWithJava(kafka, sendAll({ topic: 'held', partition: 0 }, numbered('before', 10)));
  const trader = await openJavaProducer(kafka, { config: { 'transactional.id': 'held' } });
  await trader.run([
    { do: 'begin' },
    { do: 'generate', topic: 'held', count: 2000, valueBytes: 500, partitions: 1 },
  ]);
  const { started, done } = await startBackup(station.operator, ['held'], { follow: true });
  const { backupId } = started;
  const query = { backupId, topic: 'held', partition: 0, timeoutMs: 60_000 };
  await station.operator.watermark({ ...query, waitForOffset: 2010n });
  await station.operator.stopBackup(backupId);
  const [archive] = (await done).slice(-1);
  expect(archive?.records).toBe(10n);
  expect(await leftoversIn(folder())).toEqual([]);
  await trader.run([{ do: 'commit' }]);
  await trader[Symbol.asyncDispose]();
  // The marker is written after the commit was acknowledged.
  await eventually(
    () => kafkaAdmin(kafka).listOffsets(['held'], 'read_committed'),
    ([range]) => range?.end === 2011n,
  );
  await (
    await startBackup(station.operator, ['held'])
  ).done;
  expect(await assertShowsTopics(folder(), kafka, ['held'])).toBe(2010);
  expect(await leftoversIn(folder())).toEqual([]);
});

it('goes on with the other topics when one is deleted', async () => {
  const kafka = sandbox();
  const admin = kafkaAdmin(kafka);
  for (const topic of ['doomed', 'stays']) {
    await admin.createTopic({ topic });
    await produceWithJava(kafka, sendAll({ topic, partition: 0 }, numbered(topic, 10)));
  }
  const follow = await startBackup(station.operator, ['doomed', 'stays'], { follow: true });
  const { backupId } = follow.started;
  const stays = { backupId, topic: 'stays', partition: 0, timeoutMs: 60_000 };
  await station.operator.watermark({ ...stays, waitForOffset: 10n });
  await station.operator.watermark({ ...stays, topic: 'doomed', waitForOffset: 10n });
  // Until both stand idle.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await admin.deleteTopics('doomed');
  await eventually(
    () => follow.notices,
    (notices) => notices.some((text) => text.includes('doomed')),
  );
  await produceWithJava(kafka, sendAll({ topic: 'stays', partition: 0 }, numbered('more', 15)));
  expect(await station.operator.watermark({ ...stays, waitForOffset: 25n })).toBe(25n);
  await station.operator.stopBackup(backupId);
  await follow.done;
  expect(await assertShowsTopics(folder(), kafka, ['stays'])).toBe(25);
  const shown = await archivedRecords(await openArchiveIn(folder()), ['doomed']);
  expect(shown.map(({ value }) => Buffer.from(value ?? '', 'base64').toString())).toEqual(
    numbered('doomed', 10),
  );
});

it('stops in the middle of a batch that spans frames', async () => {
  const kafka = sandbox();
  await kafkaAdmin(kafka).createTopic({
    topic: 'wide',
    configs: { 'max.message.bytes': '9000000' },
  });
  await using producer = await openJavaProducer(kafka, {
    config: { 'max.request.size': '9000000', 'buffer.memory': '20000000' },
  });
  for (let index = 0; index < 6; index++) {
    const value = Buffer.alloc(8_000_000, String(index));
    await producer.run([{ do: 'send', topic: 'wide', partition: 0, value }]);
  }
  const { started, done } = await startBackup(station.operator, ['wide'], {
    follow: true,
    generationIntervalMs: 60_000,
  });
  const query = { backupId: started.backupId, topic: 'wide', partition: 0 };
  await station.operator.watermark({ ...query, waitForOffset: 1n, timeoutMs: 60_000 });
  await station.operator.stopBackup(started.backupId);
  const [archive] = await done;
  const records = Number(archive?.records);
  expect(records).toBeGreaterThanOrEqual(1);
  const shown = await archivedRecords(await openArchiveIn(folder()), ['wide']);
  expect(
    shown.map(({ value }) =>
      Buffer.from(value ?? '', 'base64')
        .toString()
        .slice(-2),
    ),
  ).toEqual(Array.from({ length: records }, (_, index) => String(index).repeat(2)));
  await (
    await startBackup(station.operator, ['wide'])
  ).done;
  expect(await assertShowsTopics(folder(), kafka, ['wide'])).toBe(6);
});
