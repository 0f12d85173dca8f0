import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connectKafka, type KafkaClient } from '@kops/kafka';
import { openFileStore } from '@kops/object-store/file';
import type { Archive } from '@kops/repository';
import { kafkaAdmin, readWithJava, sandboxKafka, toBase64, type OracleRecord } from '@kops/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { archiveOf, type PartitionFixture } from './archive-fixture.ts';
import { batchAt, offsetsFrom, recordAt } from './batches.ts';
import { restoreTo } from './real-restore.ts';

const sandbox = sandboxKafka({ beforeAll, afterAll });
const child = fileURLToPath(new URL('./restore-child.ts', import.meta.url));

const batchCount = 2_000;
const partitionCount = 4;

/** Partition 0 without holes; the others lack every third record within batches, and a batch now and then. */
function partitionFixture(partition: number): PartitionFixture {
  const batches = offsetsFrom(0, batchCount).flatMap((index) => {
    const offsets = offsetsFrom(index * 10, 10);
    if (partition === 0) return [batchAt(offsets)];
    if (index % 17 === partition) return [];
    return [batchAt(index % 5 === 0 ? offsets.filter((offset) => offset % 3 !== 0) : offsets)];
  });
  return { batches, batchesPerSegment: 300 };
}

function expectedOffsets(partition: number): number[] {
  return offsetsFrom(0, batchCount * 10).filter((offset) => {
    const index = Math.floor(offset / 10);
    if (partition === 0) return true;
    return index % 17 !== partition && (index % 5 !== 0 || offset % 3 !== 0);
  });
}

function line(record: Pick<OracleRecord, 'timestamp' | 'key' | 'value'>): string {
  return `${String(record.timestamp)} ${record.key ?? 'null'} ${record.value ?? 'null'}`;
}

function expectedLines(partition: number): string[] {
  return expectedOffsets(partition).map((offset) => {
    const { timestamp, key, value } = recordAt(offset);
    return line({ timestamp, key: toBase64(key), value: toBase64(value) });
  });
}

async function expectWholeContent(topic: string): Promise<void> {
  const records = await readWithJava(sandbox(), { topics: [topic] });
  for (const partition of offsetsFrom(0, partitionCount)) {
    const found = records.filter((record) => record.partition === partition);
    // Compared as one text: a difference of 20,000 lines is no message.
    expect(found.map(line).join('\n') === expectedLines(partition).join('\n')).toBe(true);
    expect(found.map(({ offset }) => offset)).toEqual(found.map((_, index) => BigInt(index)));
  }
}

interface ChildEnd {
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs the child; kills it so many ms after records began to move. */
async function runChild(
  args: readonly string[],
  killAfterMs: number | undefined,
): Promise<ChildEnd> {
  const running = spawn(process.execPath, ['--conditions=@kops/source', child, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  running.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString()));
  running.stdout.on('data', (bytes: Buffer) => {
    const hadBegun = output !== '';
    output += bytes.toString();
    if (!hadBegun && killAfterMs !== undefined)
      setTimeout(() => running.kill('SIGKILL'), killAfterMs);
  });
  await once(running, 'close');
  return { signal: running.signalCode, output, errors };
}

describe('a restore that is interrupted', () => {
  let folder: string;
  let client: KafkaClient;
  let archive: Archive;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kops-restore-int-'));
    client = await connectKafka({ bootstrapServers: [sandbox().bootstrapServers] });
    const store = await openFileStore(join(folder, 'repository'), { create: true });
    const partitions = offsetsFrom(0, partitionCount).map(partitionFixture);
    archive = await archiveOf([{ name: 'killed', partitions }], { store });
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it('continues after kill -9 at any time; nothing is lost or doubled', async () => {
    let kills = 0;
    for (let round = 0; round < 2; round++) {
      if (round > 0) await kafkaAdmin(sandbox()).deleteTopics('killed');
      const args = [
        sandbox().bootstrapServers,
        join(folder, 'repository'),
        join(folder, `state-${String(round)}`, 'state.json'),
      ];
      let mode = 'first';
      for (const killAfterMs of [40, 250, 400, 600].map((ms) => ms + round * 60)) {
        const end = await runChild([...args, mode], killAfterMs);
        expect(end.errors).toBe('');
        kills += end.signal === 'SIGKILL' ? 1 : 0;
        mode = 'resume';
      }
      const total = offsetsFrom(0, partitionCount).reduce(
        (sum, partition) => sum + expectedOffsets(partition).length,
        0,
      );
      const end = await runChild([...args, mode], undefined);
      expect(end).toMatchObject({ signal: null, errors: '' });
      expect(end.output).toContain(`done ${String(total)}\n`);
      await expectWholeContent('killed');
    }
    // A restore that was done before the signal proves nothing.
    expect(kills).toBeGreaterThanOrEqual(5);
  });

  it('goes on by itself when the broker is killed and comes back', async () => {
    const broker = sandbox().brokers[0]?.id ?? 1;
    const renames = { killed: 'crashed' };
    const restored = restoreTo(client, archive, join(folder, 'crashed', 'state.json'), { renames });
    let isDone = false;
    void restored.finally(() => (isDone = true)).catch(() => undefined);
    const crash = async (): Promise<void> => {
      await sleep(600);
      await sandbox().kill(broker);
      // A crash after the end would prove nothing.
      expect(isDone).toBe(false);
      await sandbox().restart(broker);
    };
    const [result] = await Promise.all([restored, crash()]);
    expect(result.status).toBe('complete');
    await expectWholeContent('crashed');
  });

  it('refuses to resume into a topic that was created anew', async () => {
    const renames = { killed: 'recreated' };
    const statePath = join(folder, 'recreated', 'state.json');
    await restoreTo(client, archive, statePath, { renames });
    await client.deleteTopics(['recreated']);
    await client.createTopics([
      { name: 'recreated', partitions: partitionCount, replicationFactor: 1, configs: {} },
    ]);
    await expect(
      restoreTo(client, archive, statePath, { renames, resume: true }),
    ).rejects.toMatchObject({ code: 'KOPS_REFUSED' });
  });
});
