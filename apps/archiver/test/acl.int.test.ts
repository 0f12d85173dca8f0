import { kafkaAdmin, produceWithJava, sandboxKafka, sendAll } from '@kops/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { assertShowsTopics, leftoversIn, openArchiveIn } from './archive-content.ts';
import { numbered, untilNoticed } from './follow-events.ts';
import { repositoryFolder } from './repository-folder.ts';
import { backUp, eventually, failureOf, startBackup, type RunningBackup } from './run-backup.ts';
import { Station } from './station.ts';

const user = { username: 'backup', password: 'secret' };
const sandbox = sandboxKafka({ beforeAll, afterAll }, { sasl: { users: [user] }, authorizer: {} });
const folder = repositoryFolder({ beforeEach, afterEach });
let station: Station;
beforeEach(async () => {
  station = await Station.open({
    bootstrapServers: sandbox().saslBootstrapServers,
    repositories: [folder()],
    kafka: { sasl: { mechanism: 'plain', ...user } },
  });
  await station.startAgent();
});
afterEach(async () => {
  await station[Symbol.asyncDispose]();
});

const allow = (resourceType: string, resourceName: string, ...operations: string[]) =>
  kafkaAdmin(sandbox()).createAcls(
    operations.map((operation) => ({
      resourceType,
      resourceName,
      patternType:
        resourceName === 'kafka-cluster' || resourceName === '*' ? 'LITERAL' : 'PREFIXED',
      principal: `User:${user.username}`,
      operation,
    })),
  );

async function fill(topic: string, count: number): Promise<void> {
  await kafkaAdmin(sandbox()).createTopic({ topic });
  await produceWithJava(sandbox(), sendAll({ topic, partition: 0 }, numbered(topic, count)));
}

async function untilArchived(
  { started: { backupId } }: RunningBackup,
  topic: string,
  offset: bigint,
): Promise<void> {
  const query = { backupId, topic, partition: 0, waitForOffset: offset, timeoutMs: 5_000 };
  await eventually(
    () => station.operator.watermark(query).catch(() => -1n),
    (watermark) => watermark === offset,
  );
}

it('goes on with the other topics when a new one may be seen but not read, and reports it', async () => {
  await allow('CLUSTER', 'kafka-cluster', 'DESCRIBE');
  await allow('GROUP', '*', 'DESCRIBE');
  await allow('TOPIC', 'open', 'READ', 'DESCRIBE_CONFIGS');
  await allow('TOPIC', 'closed', 'DESCRIBE');
  await allow('TOPIC', 'closed-half', 'DESCRIBE_CONFIGS');
  await fill('open-first', 20);
  const follow = await startBackup(station.operator, ['*'], {
    follow: true,
    generationIntervalMs: 1_000,
  });
  await untilArchived(follow, 'open-first', 20n);

  // The agent is refused the one, the archiver the other.
  for (const topic of ['closed-half', 'closed']) await fill(topic, 7);
  await fill('open-later', 30);
  await untilArchived(follow, 'open-later', 30n);
  const refused = await untilNoticed(follow, 'topic-not-captured', 2);
  expect(refused.toSorted()).toEqual([
    expect.stringContaining('topic closed is not captured'),
    expect.stringContaining('topic closed-half is not captured'),
  ]);
  await station.operator.stopBackup(follow.started.backupId);
  const last = (await follow.done).at(-1);
  expect(last).toMatchObject({ topics: 4, records: 50n, losses: 2 });
  const { manifest } = await openArchiveIn(folder());
  for (const name of ['closed', 'closed-half']) {
    expect(manifest.topics.find((topic) => topic.name === name)?.partitions).toMatchObject([
      { cut: 0n, list: null, losses: [{ from: 0n, to: 0n, reason: 'fetch-gave-up' }] },
    ]);
  }
  expect(await assertShowsTopics(folder(), sandbox(), ['open-first', 'open-later'])).toBe(50);

  // The same for those that are there when a backup begins; where nothing else is asked for, that ends it.
  const { done, notices } = await startBackup(station.operator, ['*']);
  expect(await done).toMatchObject([{ topics: 4, records: 50n, losses: 2 }]);
  expect(notices).toContainEqual(expect.stringContaining('topic closed is not captured'));
  expect(await failureOf(backUp(station.operator, ['closed*']))).toMatchObject({
    code: 'KOPS_ACCESS_DENIED',
    exitCode: 31,
  });
  await allow('TOPIC', 'closed', 'READ', 'DESCRIBE_CONFIGS');
  const whole = await eventually(
    () => backUp(station.operator, ['*']).catch(() => undefined),
    (archive) => archive !== undefined,
  );
  expect(whole).toMatchObject({ topics: 4, records: 64n, losses: 0 });
  expect(await leftoversIn(folder())).toEqual([]);
});
