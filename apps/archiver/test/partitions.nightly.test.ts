import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kafkaAdmin, produceWithJava, sandboxKafka } from '@kops/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { assertShowsTopics, leftoversIn } from './archive-content.ts';
import { backUp, startBackup } from './run-backup.ts';
import { Station, type StationAgent } from './station.ts';

const sandbox = sandboxKafka({ beforeAll, afterAll }, { heapMiB: 768 });
const partitions = 2000;
const mebibyte = 1024 * 1024;

async function residentBytes({ pid }: StationAgent): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

/** The largest that the processes were together, until `done` resolves. */
async function peakBytes(
  processes: readonly StationAgent[],
  done: Promise<unknown>,
): Promise<number> {
  const over = done.then(() => true);
  let peak = 0;
  while (!(await Promise.race([over, sleep(100, false)]))) {
    const sizes = await Promise.all(processes.map(residentBytes));
    peak = Math.max(
      peak,
      sizes.reduce((sum, bytes) => sum + bytes, 0),
    );
  }
  return peak;
}

it('backs up two thousand small partitions in bounded memory', async () => {
  const kafka = sandbox();
  const folder = await mkdtemp(join(tmpdir(), 'kops-partitions-'));
  await kafkaAdmin(kafka).createTopic({ topic: 'wide', partitions });
  const count = partitions * 10;
  await produceWithJava(
    kafka,
    [{ do: 'generate', topic: 'wide', count, partitions, valueBytes: 100 }],
    // Leaders of so many partitions take their time: patience, and no sequences that a second attempt would break.
    {
      config: {
        'delivery.timeout.ms': '280000',
        'retry.backoff.ms': '500',
        'enable.idempotence': 'false',
      },
    },
  );
  {
    await using station = await Station.open({
      bootstrapServers: kafka.bootstrapServers,
      repositories: [folder],
      processes: true,
      built: true,
    });
    const agent = await station.startAgent();
    const { done } = await startBackup(station.operator, ['wide']);
    const peak = await peakBytes([station.archiver, agent], done);
    expect(await done).toMatchObject([
      { partitions, records: BigInt(count), newSegments: partitions },
    ]);
    expect(Math.round(peak / mebibyte)).toBeLessThan(350);
    expect(await backUp(station.operator, ['wide'])).toMatchObject({
      newSegments: 0,
      newBytes: 0n,
    });
  }
  expect(await assertShowsTopics(folder, kafka, ['wide'])).toBe(count);
  expect(await leftoversIn(folder)).toEqual([]);
  await rm(folder, { recursive: true });
});
