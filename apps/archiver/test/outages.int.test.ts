import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kafkaAdmin, produceWithJava, sandboxKafka } from '@kops/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { archivedBytes, assertShowsTopics, brokerBytes, leftoversIn } from './archive-content.ts';
import { noticesOf, untilCommitted, untilNoticed } from './follow-events.ts';
import { backUp, eventually, failureOf, startBackup } from './run-backup.ts';
import { Station, type StationOptions } from './station.ts';

const sandbox = sandboxKafka({ beforeAll, afterAll });
let folder: string;
let repository: string;
let mounted = false;
beforeAll(async () => {
  await kafkaAdmin(sandbox()).createTopic({ topic: 'bulk', partitions: 2 });
  await produceWithJava(sandbox(), [
    {
      do: 'generate',
      topic: 'bulk',
      count: 12_000,
      partitions: 2,
      valueBytes: 1000,
      content: 'random',
    },
  ]);
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-outage-'));
  repository = join(folder, 'repository');
});
afterEach(async () => {
  if (mounted) execFileSync('umount', [folder]);
  mounted = false;
  await rm(folder, { recursive: true, force: true });
});

const options = (): StationOptions => ({
  bootstrapServers: sandbox().bootstrapServers,
  repositories: [repository],
});

async function expectWhole(): Promise<void> {
  for (const partition of [0, 1]) {
    const stored = await archivedBytes(repository, 'bulk', partition);
    expect(stored.equals(await brokerBytes(sandbox(), 'bulk', partition))).toBe(true);
  }
  expect(await leftoversIn(repository)).toEqual([]);
}

/** Mounts a small disk in memory; says why it cannot. */
function mountSmallDisk(size: string): string | undefined {
  if (process.getuid?.() !== 0) return 'mounting a small disk needs root';
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], {
      stdio: 'pipe',
    });
  } catch (error) {
    return `no small disk can be mounted here: ${String(error)}`;
  }
  mounted = true;
  return undefined;
}

describe('a full disk', () => {
  it('ends the backup by name; when there is space the next one continues', async (context) => {
    const reason = mountSmallDisk('32m');
    if (reason !== undefined) context.skip(reason);
    await writeFile(join(folder, 'ballast'), Buffer.alloc(24 * 1024 * 1024));
    {
      await using station = await Station.open(options());
      await station.startAgent();
      const { done } = await startBackup(station.operator, ['bulk']);
      expect(await failureOf(done)).toMatchObject({ code: 'KOPS_NO_SPACE', exitCode: 32 });
    }
    await rm(join(folder, 'ballast'));
    await using station = await Station.open(options());
    await station.startAgent();
    const { notices, done } = await startBackup(station.operator, ['bulk']);
    expect(await done).toMatchObject([{ records: 12_000n }]);
    expect(notices.some((text) => text.startsWith('resuming an interrupted backup'))).toBe(true);
    await expectWhole();
  });
});

describe('two backups at once into one repository', () => {
  it('refuses the second, of another archiver', async () => {
    await using first = await Station.open({ ...options(), processes: true });
    await using second = await Station.open({ ...options(), processes: true });
    const { done } = await startBackup(first.operator, ['bulk']);
    const refusal = failureOf(startBackup(second.operator, ['bulk']));
    expect(await refusal).toMatchObject({ code: 'KOPS_HELD', exitCode: 11 });
    await first.startAgent();
    await done;
    await second.startAgent();
    expect(await backUp(second.operator, ['bulk'])).toMatchObject({ newSegments: 0 });
    await expectWhole();
  });

  it('refuses one of two that begin together in one archiver', async () => {
    await using station = await Station.open(options());
    const both = await Promise.allSettled([
      startBackup(station.operator, ['bulk']),
      startBackup(station.operator, ['bulk']),
    ]);
    const started = both.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const refused = both.flatMap((one) =>
      one.status === 'rejected' ? [one.reason as unknown] : [],
    );
    expect(started).toHaveLength(1);
    expect(refused).toMatchObject([{ code: 'KOPS_HELD' }]);
    await station.startAgent();
    await started[0]?.done;
    await expectWhole();
  });

  it('runs two of the same topic into different repositories', async () => {
    const other = await mkdtemp(join(tmpdir(), 'kops-outage-'));
    {
      await using station = await Station.open({ ...options(), repositories: [repository, other] });
      const backups = [
        await startBackup(station.operator, ['bulk'], { repositories: ['0'] }),
        await startBackup(station.operator, ['bulk'], { repositories: ['1'] }),
      ];
      await station.startAgent();
      const archives = await Promise.all(backups.map(({ done }) => done));
      expect(archives.flat()).toMatchObject([{ records: 12_000n }, { records: 12_000n }]);
    }
    await expectWhole();
    expect(
      (await archivedBytes(other, 'bulk', 1)).equals(await archivedBytes(repository, 'bulk', 1)),
    ).toBe(true);
    await rm(other, { recursive: true });
  });
});

describe('a broker that does not answer', () => {
  const impatient = { requestTimeoutMs: 1500, retryDeadlineMs: 4000 };

  it('is waited for, and the backup goes on when it comes back', async () => {
    const broker = sandbox().brokers[0]?.id ?? 1;
    await using station = await Station.open(options());
    const { done } = await startBackup(station.operator, ['bulk']);
    sandbox().pause(broker);
    try {
      await station.startAgent();
      await sleep(5000);
    } finally {
      sandbox().resume(broker);
    }
    expect(await done).toMatchObject([{ records: 12_000n, losses: 0 }]);
    await expectWhole();
  });

  it('ends the backup within the deadline; the next one works', async () => {
    const broker = sandbox().brokers[0]?.id ?? 1;
    {
      await using station = await Station.open({ ...options(), kafka: impatient });
      const { done } = await startBackup(station.operator, ['bulk']);
      sandbox().pause(broker);
      try {
        await station.startAgent();
        expect(await failureOf(done)).toMatchObject({
          code: 'KOPS_KAFKA_UNREACHABLE',
          exitCode: 30,
        });
        expect(await failureOf(startBackup(station.operator, ['bulk']))).toMatchObject({
          code: 'KOPS_KAFKA_UNREACHABLE',
        });
      } finally {
        sandbox().resume(broker);
      }
    }
    await using station = await Station.open(options());
    await station.startAgent();
    await eventually(
      () => backUp(station.operator, ['bulk']).catch(() => undefined),
      (archive) => archive !== undefined,
    );
    await expectWhole();
  });
});

describe('a follow whose broker is away', () => {
  const follow = { follow: true, generationIntervalMs: 500 };
  // Each call of a client fails long before the broker is back.
  const hasty = { requestTimeoutMs: 500, retryDeadlineMs: 500 };
  const produce = (count: number): Promise<unknown> =>
    produceWithJava(sandbox(), [{ do: 'generate', topic: 'tide', count, partitions: 2 }]);

  it('warns within 5 s, retries without end, and resumes with every record once', async () => {
    const broker = sandbox().brokers[0]?.id ?? 1;
    await kafkaAdmin(sandbox()).createTopic({ topic: 'tide', partitions: 2 });
    await produce(20);
    await using station = await Station.open({ ...options(), kafka: hasty });
    await station.startAgent();
    const backup = await startBackup(station.operator, ['tide'], follow);
    await untilCommitted(backup, 1);
    await sandbox().kill(broker);
    const gone = performance.now();
    const [warning] = await untilNoticed(backup, 'kafka-lost');
    expect(performance.now() - gone).toBeLessThan(5_000);
    expect(warning).toMatch(/ECONNREFUSED/);
    // Three failures in a row gave a partition up, the first failure of a generation the backup.
    await sleep(3_000);
    await sandbox().restart(broker);
    await untilNoticed(backup, 'kafka-back');
    await produce(30);
    const shown = await eventually(
      () => backup.events.flatMap((one) => (one.type === 'committed' ? [one.records] : [])).at(-1),
      (records) => records === 50n,
    );
    expect(shown).toBe(50n);
    await station.operator.stopBackup(backup.started.backupId);
    await backup.done;
    expect(await assertShowsTopics(repository, sandbox(), ['tide'])).toBe(50);
    expect(noticesOf(backup, 'kafka-lost')).toHaveLength(1);
    expect(await leftoversIn(repository)).toEqual([]);
  });

  it('ends with 30 when the outage is longer than the limit that was asked for', async () => {
    const broker = sandbox().brokers[0]?.id ?? 1;
    await using station = await Station.open({ ...options(), kafka: hasty });
    await station.startAgent();
    const limited = { ...follow, outageLimitMs: 2_000 };
    const backup = await startBackup(station.operator, ['bulk'], limited);
    await untilCommitted(backup, 1);
    sandbox().pause(broker);
    try {
      const failure = await failureOf(backup.done);
      expect(failure).toMatchObject({ code: 'KOPS_KAFKA_UNREACHABLE', exitCode: 30 });
      expect(failure.message).toContain('2 s');
    } finally {
      sandbox().resume(broker);
    }
  });
});
