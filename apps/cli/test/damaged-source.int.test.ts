import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { splitBatches } from '@kops/record-batch';
import {
  kafkaAdmin,
  openJavaProducer,
  readWithJava,
  sandboxKafka,
  type OracleRecord,
} from '@kops/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kopsJson, runKops } from './run-kops.ts';

const sandbox = sandboxKafka({ beforeAll, afterAll });
let folder: string;
let repository: string;
let written: OracleRecord[];
/** The one batch with a flipped byte, as the broker serves it. */
let damaged: Uint8Array;

/** The log file of a topic's only partition, at its only broker. */
async function logOf(topic: string): Promise<string> {
  const kafka = sandbox();
  const partition = join(kafka.logDirOf(kafka.brokers[0]?.id ?? 1), `${topic}-0`);
  const [name = ''] = (await readdir(partition)).filter((file) => file.endsWith('.log'));
  return join(partition, name);
}

/** Flips one byte of the log inside of the batch with a base offset, as a bad disk does: brokers do not look when they serve it. */
async function flip(topic: string, baseOffset: bigint, atByte: number): Promise<Uint8Array> {
  const path = await logOf(topic);
  const bytes = await readFile(path);
  const batch = [...splitBatches(bytes)].find((one) => one.baseOffset === baseOffset)?.bytes;
  if (batch === undefined) throw new Error(`no batch at ${String(baseOffset)}`);
  batch[atByte] = (batch[atByte] ?? 0) ^ 0x10;
  await using file = await open(path, 'r+');
  await file.write(batch, atByte, 1, batch.byteOffset - bytes.byteOffset + atByte);
  return batch;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-damaged-'));
  repository = join(folder, 'repository');
  const admin = kafkaAdmin(sandbox());
  await using producer = await openJavaProducer(sandbox());
  for (const topic of ['fine', 'hurt', 'torn', 'long']) {
    await admin.createTopic({ topic });
    for (let batch = 0; batch < 4; batch++)
      await producer.run(
        Array.from({ length: 10 }, (_, index) => ({
          do: 'send' as const,
          topic,
          partition: 0,
          value: `${topic} ${String(batch * 10 + index)}`,
        })),
      );
  }
  written = await readWithJava(sandbox(), { topics: ['fine', 'hurt', 'torn', 'long'] });
  damaged = await flip('hurt', 10n, 90);
  // The length of the third batch: it claims a MiB more than there is.
  await flip('long', 20n, 9);
  // The magic of the third batch: what follows cannot be read as batches.
  await flip('torn', 20n, 16);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const live = (): string[] => ['--bootstrap-server', sandbox().bootstrapServers];
const stored = (): string[] => ['--repository', repository];

interface Shown {
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly {
      readonly cut: string;
      readonly records: number;
      readonly losses: readonly Record<string, string>[];
    }[];
  }[];
}

const show = (from = stored()): Promise<Shown> =>
  kopsJson<Shown>(['archives', 'show', '--archive', 'latest', ...from]);

describe('one flipped byte in one batch of one topic', () => {
  it('costs no other topic its backup, and is in the manifest with its offsets', async () => {
    const run = await runKops(['backup', ...live(), ...stored(), '--topics', 'fine,hurt']);
    expect(run.code, run.stderr).toBe(21);
    expect(run.stderr).toMatch(/hurt-0: offsets 10 to 19 .*damaged-at-source/);
    const { topics } = await show();
    expect(topics).toMatchObject([
      { name: 'fine', partitions: [{ cut: '40', records: 40, losses: [] }] },
      {
        name: 'hurt',
        partitions: [
          {
            cut: '40',
            records: 30,
            losses: [{ from: '10', to: '20', reason: 'damaged-at-source' }],
          },
        ],
      },
    ]);
    // The bytes are the evidence.
    const key = topics[1]?.partitions[0]?.losses[0]?.['segment'] ?? '';
    expect(Buffer.compare(await readFile(join(repository, key)), damaged)).toBe(0);
  });

  it('stays what it is in the next archive, which stores nothing again', async () => {
    const before = await show();
    const next = await kopsJson<{ archives: object[] }>(
      ['backup', ...live(), ...stored(), '--topics', 'fine,hurt'],
      { code: 21 },
    );
    expect(next.archives).toMatchObject([{ newSegments: 0, losses: 1 }]);
    const after = await show();
    const lossesOf = ({ topics }: Shown): unknown =>
      topics.map(({ partitions }) => partitions[0]?.losses);
    expect(lossesOf(after)).toEqual(lossesOf(before));
  });

  it('is told by verify as damage of the source, not of the archive', async () => {
    const run = await runKops(['verify', '--archive', 'latest', ...stored()]);
    expect(run.code, run.stdout).toBe(21);
    expect(run.stdout).toMatch(/loss: offsets 10 to 19 are damaged at the source .*hurt/);
    expect(run.stdout).not.toContain('error:');
  });

  it('is passed over by cat, which says so', async () => {
    const run = await runKops([
      ...['cat', '--archive', 'latest', ...stored(), '--topic', 'hurt', '--partition', '0'],
    ]);
    expect(run.stdout).toContain('hurt 9');
    expect(run.stdout).toContain('hurt 20');
    expect(run.stdout).not.toMatch(/hurt 1\d/);
    expect(run.stderr).toMatch(/offsets 10 to 19/);
  });

  it('is left out by restore, which names it; every other record is there', async () => {
    const args = ['restore', '--archive', 'latest', ...stored(), ...live()];
    const run = await runKops([...args, '--topics', 'hurt', '--rename', 'hurt=mended']);
    expect(run.code, run.stderr + run.stdout).toBe(21);
    expect(run.stdout + run.stderr).toMatch(/offsets 10 to 19/);
    const back = await readWithJava(sandbox(), { topics: ['mended'] });
    const expected = written.filter(
      ({ topic, offset }) => topic === 'hurt' && (offset < 10n || offset >= 20n),
    );
    const contentOf = ({ key, value, timestamp }: OracleRecord): unknown => [key, value, timestamp];
    expect(back.map(contentOf)).toEqual(expected.map(contentOf));
  });
});

it('stops at the damage with --strict, and commits nothing', async () => {
  const strict = join(folder, 'strict');
  const args = ['backup', ...live(), '--repository', strict, '--topics', 'fine,hurt', '--strict'];
  const run = await runKops(args);
  expect(run.code, run.stderr).toBe(20);
  expect(run.stderr).toContain('KOPS_BATCH_CORRUPT');
  expect(run.stderr).toMatch(/hurt.*10/s);
  expect(await kopsJson(['archives', 'list', '--repository', strict])).toMatchObject({
    archives: [],
  });
});

describe('a batch that cannot be told from the next', () => {
  it('ends the capture of its partition only, the same on every run', async () => {
    const apart = ['--repository', join(folder, 'torn')];
    const upTo20 = { cut: '20', records: 20, losses: [{ from: '20', reason: 'fetch-gave-up' }] };
    for (let round = 0; round < 2; round++) {
      const run = await runKops(['backup', ...live(), ...apart, '--topics', 'fine,long,torn']);
      expect(run.code, run.stderr).toBe(21);
      expect((await show(apart)).topics).toMatchObject([
        { name: 'fine', partitions: [{ cut: '40', losses: [] }] },
        { name: 'long', partitions: [upTo20] },
        { name: 'torn', partitions: [upTo20] },
      ]);
    }
  });
});
