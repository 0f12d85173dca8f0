import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordDigest } from '@kops/record-batch';
import type { Archive } from '@kops/repository';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ChosenRecords,
  executeRestore,
  inspectContents,
  inspectTarget,
  mapOffset,
  planRestore,
  readOffsetMapping,
  restoreExitCode,
  type RestoreOptions,
  type RestorePlan,
  type RestoreResult,
} from '../src/index.ts';
import { archiveOf } from './archive-fixture.ts';
import { batchAt, offsetsFrom, recordAt } from './batches.ts';
import { FakeKafka } from './fake-kafka.ts';
import { digests, impatient, mixed, plain, quick } from './partition-fixtures.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-chosen-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function planOf(
  archive: Archive,
  kafka: FakeKafka,
  options: RestoreOptions,
): Promise<RestorePlan> {
  const facts = await inspectTarget(kafka, archive.manifest, options);
  return planRestore(archive.manifest, facts, options, await inspectContents(archive, options));
}

async function restore(
  archive: Archive,
  kafka: FakeKafka,
  options: RestoreOptions,
  limits = quick,
  statePath = join(folder, 'state.json'),
): Promise<RestoreResult> {
  const plan = await planOf(archive, kafka, options);
  return await executeRestore({ archive, kafka, plan, statePath, limits });
}

const choose = (offsets: readonly number[]): Promise<ChosenRecords> =>
  ChosenRecords.from(
    offsets.map((offset) => ({ topic: 't', partition: 0, offset: BigInt(offset) })),
  );

describe('a restore of chosen records', () => {
  it('restores chosen records and no others, also beyond a stretch that is not read', async () => {
    const far = {
      batches: [
        batchAt(offsetsFrom(0, 10)),
        batchAt(offsetsFrom(10, 2500), { codec: 'zstd' }),
        batchAt(offsetsFrom(2510, 10)),
      ],
    };
    const chosen = [3, 4, 12, 2000, ...offsetsFrom(2510, 10)];
    const kafka = new FakeKafka();
    const result = await restore(
      await archiveOf([
        { name: 't', partitions: [far, plain] },
        { name: 'other', partitions: [plain] },
      ]),
      kafka,
      { records: await choose(chosen), groups: 'none', renames: { t: 'found' } },
    );
    expect(digests(kafka, 'found')).toEqual(chosen.map((offset) => recordDigest(recordAt(offset))));
    expect(digests(kafka, 'found', 1)).toEqual([]);
    expect([...kafka.topicsByName.keys()]).toEqual(['found']);
    // The last batch was chosen whole: it keeps its bytes.
    expect(result.topics[0]?.partitions[0]).toMatchObject({
      strategy: 'mapped',
      batches: 4,
      reencodedBatches: 3,
    });
    expect(restoreExitCode(result)).toBe(0);
    const mapping = await readOffsetMapping(result.topics[0]?.partitions[0]?.mappingFile ?? '');
    expect(mapOffset(mapping, 2000n)).toBe(3n);
  });

  it('says which chosen records are not there as committed data', async () => {
    const kafka = new FakeKafka();
    const archive = await archiveOf([{ name: 't', partitions: [mixed] }]);
    // 13 is a hole, 20 aborted; 75 lies beyond the cut.
    const options = { records: await choose([12, 13, 20, 23, 75]), groups: 'none' as const };
    const plan = await planOf(archive, kafka, options);
    expect(plan.warnings.join()).toContain('1 record of those selected is not in this archive');
    const result = await restore(archive, kafka, options);
    expect(digests(kafka, 't')).toEqual([12, 23].map((offset) => recordDigest(recordAt(offset))));
    expect(result.incomplete.join()).toContain(
      'partition 0: 2 selected records not found in the archive',
    );
    expect(restoreExitCode(result)).toBe(21);
  });

  it('refuses chosen records beside exact offsets or groups, or without any record', async () => {
    const archive = await archiveOf([{ name: 't', partitions: [plain] }]);
    const records = await choose([1]);
    for (const options of [
      { records },
      { records, groups: 'none' as const, offsets: 'exact' as const },
    ])
      await expect(restore(archive, new FakeKafka(), options)).rejects.toMatchObject({
        code: 'KOPS_USAGE',
      });
    const elsewhere = { records: await choose([500]), groups: 'none' as const };
    await expect(planOf(archive, new FakeKafka(), elsewhere)).rejects.toMatchObject({
      code: 'KOPS_RECORDS_NOT_FOUND',
    });
  });

  it('loses and doubles no chosen record, wherever it was stopped', async () => {
    const chosen = [3, 4, 12, ...offsetsFrom(20, 10), 55, 119];
    const archive = await archiveOf([{ name: 't', partitions: [plain] }]);
    const options = { records: await choose(chosen), groups: 'none' as const };
    let stopped = 0;
    for (let after = 0; after < 30; after++) {
      const kafka = new FakeKafka();
      const statePath = join(await mkdtemp(join(folder, 'run-')), 'state.json');
      let left = after;
      kafka.interfere = () =>
        left-- > 0 ? undefined : after % 2 === 0 ? 'fail-after' : 'fail-before';
      const first = restore(archive, kafka, options, { ...impatient, checkpointMs: 0 }, statePath);
      const isStopped = await first.then(
        () => false,
        () => true,
      );
      kafka.interfere = () => undefined;
      if (isStopped) {
        stopped += 1;
        await restore(archive, kafka, { ...options, resume: true }, quick, statePath);
      }
      expect(digests(kafka, 't')).toEqual(chosen.map((offset) => recordDigest(recordAt(offset))));
    }
    expect(stopped).toBeGreaterThan(5);
  });
});
