import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kafkaAdmin, produceWithJava, sandboxKafka } from '@kops/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { archivedBytes, brokerBytes, leftoversIn } from './archive-content.ts';
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
    expect(notices.some((text) => text.startsWith('continuing an interrupted backup'))).toBe(true);
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
