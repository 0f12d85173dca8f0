import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  connectCapture,
  type BackupProgress,
  type CommittedArchive,
  type PartitionAssignment,
} from '@kops/transport';
import {
  kafkaAdmin,
  openJavaProducer,
  produceWithJava,
  sandboxKafka,
  type JavaProducer,
} from '@kops/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  archivedBytes,
  assertShowsTopics,
  brokerBytes,
  leftoversIn,
  openArchiveIn,
} from './archive-content.ts';
import { Gate } from './gate.ts';
import { repositoryFolder } from './repository-folder.ts';
import { backUp, eventually, startBackup, type RunningBackup } from './run-backup.ts';
import { Station, type StationOptions } from './station.ts';

const sandbox = sandboxKafka({ beforeAll, afterAll }, { brokers: 3 });
const folder = repositoryFolder({ beforeEach, afterEach });

const options = (): StationOptions => ({
  bootstrapServers: sandbox().bootstrapServers,
  repositories: [folder()],
});

/** An agent that says where it is and only listens: what it is told is what a real one would carry. */
async function listenAs(
  station: Station,
  broker: number,
): Promise<{ readonly assigned: PartitionAssignment[]; leave: () => Promise<void> }> {
  const client = connectCapture(station.endpoint);
  const join = client.join();
  const assigned: PartitionAssignment[] = [];
  const welcome = Promise.withResolvers<undefined>();
  let heartbeat: NodeJS.Timeout | undefined;
  const listen = async (): Promise<void> => {
    for await (const message of join.incoming) {
      if (message.type === 'welcome') {
        heartbeat = setInterval(
          () => void join.send({ type: 'heartbeat', throttled: null }).catch(() => undefined),
          message.heartbeatIntervalMs,
        );
        welcome.resolve(undefined);
      }
      if (message.type === 'assign') assigned.push(...message.partitions);
    }
  };
  const listening = listen().catch(() => undefined);
  await join.send({
    type: 'hello',
    agentId: `agent-${String(broker)}`,
    host: `host-${String(broker)}`,
    rack: '',
    brokerIds: [broker],
    capacity: 64,
    version: 'test',
  });
  await welcome.promise;
  const leave = async (): Promise<void> => {
    clearInterval(heartbeat);
    join.end();
    await client[Symbol.asyncDispose]();
    await listening;
  };
  return { assigned, leave };
}

it('gives each agent the partitions that are led beside it, and moves them when agents go', async () => {
  const kafka = sandbox();
  await kafkaAdmin(kafka).createTopic({ topic: 'placed', partitions: 9, replicationFactor: 3 });
  await produceWithJava(kafka, [{ do: 'generate', topic: 'placed', count: 900, partitions: 9 }]);
  await using station = await Station.open(options());
  const agents = [
    await listenAs(station, 1),
    await listenAs(station, 2),
    await listenAs(station, 3),
  ];
  const backup = await startBackup(station.operator, ['placed']);
  await eventually(
    () => agents.flatMap(({ assigned }) => assigned).length,
    (count) => count === 9,
  );
  const [state] = await kafkaAdmin(kafka).describeTopics('placed');
  for (const [index, { assigned }] of agents.entries()) {
    const led = state?.partitions.filter(({ leader }) => leader === index + 1) ?? [];
    expect(led.length).toBeGreaterThan(0);
    expect(assigned.map(({ partition }) => partition).sort()).toEqual(
      led.map(({ partition }) => partition).sort(),
    );
  }
  const [first, second, third] = agents;
  await first?.leave();
  await eventually(
    () => (second?.assigned.length ?? 0) + (third?.assigned.length ?? 0),
    (count) => count === 9,
  );
  await second?.leave();
  await third?.leave();
  await station.startAgent();
  expect(await backup.done).toMatchObject([{ records: 900n, losses: 0 }]);
  expect(backup.notices.filter((text) => text.includes('is gone'))).toHaveLength(3);
  expect(await assertShowsTopics(folder(), kafka, ['placed'])).toBe(900);
});

/** Waits until everything that was produced is archived. */
async function untilArchived(
  station: Station,
  backup: RunningBackup,
  partitions: number,
  perPartition: number,
): Promise<void> {
  for (let partition = 0; partition < partitions; partition++) {
    const [topic = ''] = backup.started.partitions.map((planned) => planned.topic);
    const watermark = await station.operator.watermark({
      backupId: backup.started.backupId,
      topic,
      partition,
      waitForOffset: BigInt(perPartition),
      timeoutMs: 90_000,
    });
    expect(watermark).toBe(BigInt(perPartition));
  }
}

const produce = (producer: JavaProducer, topic: string, seed: number): Promise<unknown> =>
  producer.run([{ do: 'generate', topic, count: 600, partitions: 6, valueBytes: 300, seed }]);

it.each(['SIGKILL', 'SIGSTOP'] as const)(
  'moves the partitions of an agent that got a %s',
  async (signal) => {
    const kafka = sandbox();
    const topic = `moving-${signal}`;
    await kafkaAdmin(kafka).createTopic({ topic, partitions: 6, replicationFactor: 3 });
    await using producer = await openJavaProducer(kafka);
    await produce(producer, topic, 0);
    await using station = await Station.open({ ...options(), processes: true });
    // Beside the brokers of all partitions: it gets all that the other does not have to take.
    const victim = await station.startAgent({ host: 'victim', brokerIds: [1, 2, 3] });
    await eventually(
      async () => {
        const probe = await startBackup(station.operator, [topic], { dryRun: true });
        return probe.started.partitions.length;
      },
      (count) => count === 6,
    );
    const backup = await startBackup(station.operator, [topic], { follow: true });
    await untilArchived(station, backup, 6, 100);
    await station.startAgent({ host: 'other' });
    await eventually(
      async () => (await station.operator.listBackups())[0]?.progress.agents,
      (agents) => agents === 2,
    );
    const before = performance.now();
    victim.signal(signal);
    const noticed = eventually(
      () => backup.notices,
      (notices) => notices.some((text) => text.includes('agent on victim is gone')),
      30_000,
    ).then(() => performance.now() - before);
    await Promise.all([noticed, produce(producer, topic, 1)]);
    // Of a silence of 6 s; how long the producing took does not count.
    expect(await noticed).toBeLessThan(10_000);
    await untilArchived(station, backup, 6, 200);
    if (signal === 'SIGSTOP') {
      victim.signal('SIGCONT');
      await sleep(2000);
    }
    await produce(producer, topic, 2);
    await untilArchived(station, backup, 6, 300);
    await station.operator.stopBackup(backup.started.backupId);
    await backup.done;
    expect(await assertShowsTopics(folder(), kafka, [topic])).toBe(1800);
    expect(await leftoversIn(folder())).toEqual([]);
  },
);

it('follows leaders that move while it captures', async () => {
  const kafka = sandbox();
  const topic = 'led';
  await kafkaAdmin(kafka).createTopic({
    topic,
    partitions: 6,
    replicationFactor: 3,
    configs: { 'min.insync.replicas': '2' },
  });
  await using producer = await openJavaProducer(kafka, { config: { acks: 'all' } });
  await produce(producer, topic, 0);
  await using station = await Station.open(options());
  await station.startAgent();
  const backup = await startBackup(station.operator, [topic], { follow: true });
  await untilArchived(station, backup, 6, 100);
  await kafka.kill(1);
  await produce(producer, topic, 1);
  await untilArchived(station, backup, 6, 200);
  await kafka.restart(1);
  // With two brokers out of the sync replicas nothing could be produced.
  await eventually(
    () => kafkaAdmin(kafka).describeTopics(topic),
    ([state]) => state?.partitions.every(({ isr }) => isr.length === 3) === true,
  );
  await kafka.kill(2);
  await produce(producer, topic, 2);
  await untilArchived(station, backup, 6, 300);
  await kafka.restart(2);
  await station.operator.stopBackup(backup.started.backupId);
  const archives = await backup.done;
  expect(archives.at(-1)).toMatchObject({ records: 1800n, losses: 0 });
  expect(await assertShowsTopics(folder(), kafka, [topic])).toBe(1800);
  expect(await leftoversIn(folder())).toEqual([]);
});

it('archives the other partitions when one has no leader, and keeps what is archived of it', async () => {
  const kafka = sandbox();
  const admin = kafkaAdmin(kafka);
  await admin.createTopic({ topic: 'alone', assignments: [[3]] });
  await admin.createTopic({ topic: 'beside', assignments: [[1], [2]] });
  const fill = (): Promise<unknown> =>
    produceWithJava(kafka, [
      { do: 'generate', topic: 'alone', count: 10, partitions: 1 },
      { do: 'generate', topic: 'beside', count: 20, partitions: 2 },
    ]);
  await using station = await Station.open(options());
  await station.startAgent();
  const backUpBoth = (): Promise<CommittedArchive> => backUp(station.operator, ['alone', 'beside']);
  await fill();
  expect(await backUpBoth()).toMatchObject({ records: 30n, losses: 0 });
  await fill();
  await kafka.kill(3);
  try {
    await eventually(
      () => admin.describeTopics('alone'),
      ([state]) =>
        state?.partitions[0]?.leader === undefined || state.partitions[0].leader === null,
    );
    expect(await backUpBoth()).toMatchObject({ records: 50n, losses: 1 });
    const { manifest } = await openArchiveIn(folder());
    expect(manifest.topics).toMatchObject([
      {
        name: 'alone',
        partitions: [
          {
            ...{ cut: 10n, records: 10 },
            losses: [
              {
                ...{ from: 10n, to: 10n, reason: 'fetch-gave-up' },
                detail: expect.stringContaining('no leader') as string,
              },
            ],
          },
        ],
      },
      { name: 'beside', partitions: [{ losses: [] }, { losses: [] }] },
    ]);
  } finally {
    await kafka.restart(3);
  }
  const whole = await eventually(backUpBoth, ({ losses }) => losses === 0);
  expect(whole).toMatchObject({ records: 60n });
  expect(await assertShowsTopics(folder(), kafka, ['alone', 'beside'])).toBe(60);
});

describe('an agent that joins in the middle of a backup', () => {
  const partitions = 12;
  const topic = 'shared';
  let leaders: ReadonlyMap<number, number>;
  beforeAll(async () => {
    const kafka = sandbox();
    await kafkaAdmin(kafka).createTopic({ topic, partitions });
    await produceWithJava(kafka, [
      {
        do: 'generate',
        topic,
        count: 24_000,
        partitions,
        valueBytes: 10_000,
        content: 'random',
      },
    ]);
    const [state] = await kafkaAdmin(kafka).describeTopics(topic);
    leaders = new Map(state?.partitions.map(({ partition, leader }) => [partition, leader ?? -1]));
  });

  /** Bytes that a process has read from files and sockets (proc(5)). */
  async function bytesRead(pid = 0): Promise<number> {
    const io = await readFile(`/proc/${String(pid)}/io`, 'utf8');
    return Number(/^rchar: (\d+)/m.exec(io)?.[1]);
  }

  it.each([
    { brokers: [[1], [2, 3]], gets: 'what is led beside it' },
    { brokers: [[], []], gets: 'a fair share by count' },
  ])('gets $gets, once, and nothing is lost', async ({ brokers: [first = [], second = []] }) => {
    const kafka = sandbox();
    await using station = await Station.open({ ...options(), processes: true });
    const early = await station.startAgent({ host: 'early', brokerIds: first });
    await using gate = await Gate.open(station.endpoint);
    const late = await station.startAgent({
      host: 'late',
      brokerIds: second,
      endpoint: gate.endpoint,
    });
    // Its process takes its time to start: it is to join at once when it may.
    await gate.knocked;
    const backup = await startBackup(station.operator, [topic]);
    const progress = async (): Promise<BackupProgress | undefined> =>
      (await station.operator.listBackups())[0]?.progress;
    await eventually(progress, (now) => (now?.bytes ?? 0n) > 10_000_000n);
    // It must not be done before the other one is there; and not be silent for so long that it counts as dead.
    early.signal('SIGSTOP');
    const stopped = await progress();
    const left = partitions - (stopped?.partitionsDone ?? partitions);
    gate.letIn();
    await eventually(progress, (now) => now?.agents === 2);
    early.signal('SIGCONT');
    expect(await backup.done).toMatchObject([{ records: 24_000n, losses: 0 }]);

    const moves = backup.events.flatMap((event) =>
      event.type === 'notice' && event.kind !== 'other' ? [event] : [],
    );
    expect(moves.map(({ kind }) => kind)).toEqual(['partitions-moved']);
    const moved = Number(/moving (\d+) partitions/.exec(moves[0]?.text ?? '')?.[1]);
    const ledBesideLate = [...leaders.values()].filter((leader) => second.includes(leader)).length;
    const most = second.length > 0 ? ledBesideLate : Math.floor(left / 2);
    expect(moved).toBeGreaterThan(0);
    expect(moved).toBeLessThanOrEqual(most);
    // What was moved is most of what the late one read; a partition is 20 MB.
    expect(await bytesRead(late.pid)).toBeGreaterThan(moved * 10_000_000);
    for (const [partition, leader] of leaders) {
      const stored = await archivedBytes(folder(), topic, partition);
      expect(stored.equals(await brokerBytes(kafka, topic, partition, leader))).toBe(true);
    }
    expect(await leftoversIn(folder())).toEqual([]);
  });
});
