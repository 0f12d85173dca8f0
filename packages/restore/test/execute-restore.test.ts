import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordDigest } from '@kops/record-batch';
import type { Archive } from '@kops/repository';
import {
  executeRestore,
  inspectContents,
  inspectTarget,
  mapOffset,
  planRestore,
  readOffsetMapping,
  restoreExitCode,
  restoreResultToJson,
  type RestoreLimits,
  type RestoreOptions,
  type RestoreProgress,
  type RestoreResult,
} from '../src/index.ts';
import { archiveOf } from './archive-fixture.ts';
import {
  batchAt,
  firstTimestamp,
  markerAt,
  offsetsFrom,
  recordAt,
  transactionalBatch,
} from './batches.ts';
import { FakeKafka } from './fake-kafka.ts';
import { digests, impatient, mixed, mixedOffsets, plain, quick } from './partition-fixtures.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kops-restore-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function restore(
  archive: Archive,
  kafka: FakeKafka,
  options: RestoreOptions = {},
  limits: Partial<RestoreLimits> = quick,
  statePath = join(folder, 'state.json'),
): Promise<RestoreResult> {
  const plan = planRestore(
    archive.manifest,
    await inspectTarget(kafka, archive.manifest, options),
    options,
  );
  return await executeRestore({ archive, kafka, plan, statePath, limits });
}

function expectedMixed(): string[] {
  return mixedOffsets.map((offset) =>
    recordDigest(
      offset >= 27 && offset < 30
        ? { ...recordAt(offset), timestamp: 1_800_000_000_000n }
        : recordAt(offset),
    ),
  );
}

async function expectMixedMapping(result: RestoreResult, partition: number): Promise<void> {
  const mapping = await readOffsetMapping(
    result.topics[0]?.partitions[partition]?.mappingFile ?? '',
  );
  const mapped = offsetsFrom(0, 80).map((source) => mapOffset(mapping, BigInt(source)));
  const naive = offsetsFrom(0, 80).map((source) =>
    BigInt(mixedOffsets.filter((offset) => offset < source).length),
  );
  expect(mapped).toEqual(naive);
}

describe('executeRestore', () => {
  it('creates topics that are empty with their partitions and configs', async () => {
    const kafka = new FakeKafka();
    const empty = { batches: [] };
    const archive = await archiveOf([
      {
        name: 'empty',
        partitions: [empty, empty, empty],
        configs: [
          { name: 'cleanup.policy', value: 'compact', source: 'DYNAMIC_TOPIC_CONFIG' },
          { name: 'segment.ms', value: '60000', source: 'DYNAMIC_TOPIC_CONFIG' },
        ],
      },
    ]);
    const options = { topics: ['empty'] };
    const contents = await inspectContents(archive, options);
    const target = await inspectTarget(kafka, archive.manifest, options);
    const plan = planRestore(archive.manifest, target, options, contents);
    const statePath = join(folder, 'state.json');
    const result = await executeRestore({ archive, kafka, plan, statePath, limits: quick });
    expect(result).toMatchObject({ status: 'complete', records: 0 });
    const topic = kafka.topicsByName.get('empty');
    expect(topic?.logs).toEqual([[], [], []]);
    expect(Object.fromEntries(topic?.configs ?? [])).toEqual({
      'cleanup.policy': 'compact',
      'segment.ms': '60000',
    });
  });

  it('keeps whole batches byte for byte and their offsets', async () => {
    const kafka = new FakeKafka();
    const result = await restore(
      await archiveOf([{ name: 't', partitions: [plain, { batches: [] }] }]),
      kafka,
    );
    expect(result.topics[0]?.partitions[0]).toMatchObject({
      strategy: 'exact',
      records: 120,
      reencodedBatches: 0,
      targetEnd: 120n,
    });
    expect(result.topics[0]?.partitions[1]).toMatchObject({
      strategy: 'exact',
      records: 0,
      targetEnd: 0n,
    });
    const restored = kafka.batches('t', 0);
    expect(restored.map(({ payload }) => Buffer.from(payload).toString('hex'))).toEqual(
      plain.batches.map((bytes) => Buffer.from(bytes.subarray(61)).toString('hex')),
    );
    expect(digests(kafka, 't')).toEqual(
      offsetsFrom(0, 120).map((offset) => recordDigest(recordAt(offset))),
    );
    expect(restoreExitCode(result)).toBe(0);
    expect(JSON.stringify(restoreResultToJson(result))).toContain('"targetEnd":"120"');
  });

  it('restores what is visible and committed, and maps its offsets', async () => {
    const kafka = new FakeKafka();
    const result = await restore(await archiveOf([{ name: 't', partitions: [mixed] }]), kafka);
    expect(digests(kafka, 't')).toEqual(expectedMixed());
    const partition = result.topics[0]?.partitions[0];
    expect(partition).toMatchObject({
      strategy: 'mapped',
      records: mixedOffsets.length,
      leftOut: { aborted: 3, open: 2, outsideWindow: 0, controlBatches: 2 },
    });
    await expectMixedMapping(result, 0);
  });

  it('restores only records inside a time window', async () => {
    const kafka = new FakeKafka();
    const window = { from: firstTimestamp + 15n, to: firstTimestamp + 40n };
    const result = await restore(await archiveOf([{ name: 't', partitions: [plain] }]), kafka, {
      window,
    });
    expect(digests(kafka, 't')).toEqual(
      offsetsFrom(15, 25).map((offset) => recordDigest(recordAt(offset))),
    );
    expect(result.topics[0]?.partitions[0]).toMatchObject({
      reencodedBatches: 1,
      leftOut: { outsideWindow: 95 },
    });
  });

  it('refuses exact offsets before it changes anything when only the batches tell of a marker', async () => {
    const kafka = new FakeKafka();
    const archive = await archiveOf([
      {
        name: 't',
        partitions: [{ batches: [transactionalBatch([0, 1], 1n), markerAt(2, 1n, 'commit')] }],
      },
    ]);
    await expect(restore(archive, kafka, { offsets: 'exact' })).rejects.toMatchObject({
      code: 'KOPS_REFUSED',
      at: { offset: 2n },
    });
    expect(kafka.calls).toEqual([]);
  });

  it('raises max.message.bytes for a batch that is larger than the config allows', async () => {
    const kafka = new FakeKafka();
    const configs = [{ name: 'max.message.bytes', value: '500', source: 'DYNAMIC_TOPIC_CONFIG' }];
    await restore(await archiveOf([{ name: 't', partitions: [plain], configs }]), kafka);
    expect(digests(kafka, 't')).toHaveLength(120);
    expect(kafka.topicsByName.get('t')?.configs.get('max.message.bytes')).toBe('500');
  });

  it('sets the final configs last and lists those the target refuses', async () => {
    const kafka = new FakeKafka();
    kafka.refusedConfigs.add('remote.storage.enable');
    const configs = [
      'remote.storage.enable=true',
      'retention.ms=1000',
      'cleanup.policy=compact',
    ].map((entry) => {
      const [name = '', value = ''] = entry.split('=');
      return { name, value, source: 'DYNAMIC_TOPIC_CONFIG' };
    });
    const result = await restore(
      await archiveOf([{ name: 't', partitions: [plain], configs }]),
      kafka,
    );
    expect(Object.fromEntries(kafka.topicsByName.get('t')?.configs ?? [])).toEqual({
      'retention.ms': '1000',
      'cleanup.policy': 'compact',
    });
    expect(result.refusedConfigs).toEqual([
      {
        topic: 't',
        name: 'remote.storage.enable',
        value: 'true',
        reason: 'unknown config remote.storage.enable',
      },
    ]);
    expect(kafka.calls.findLastIndex((call) => call.startsWith('produce'))).toBeLessThan(
      kafka.calls.indexOf('alter t'),
    );
  });

  it('uses the older timestamp config where brokers do not know the newer ones', async () => {
    const kafka = new FakeKafka();
    kafka.refusedConfigs.add('message.timestamp.before.max.ms');
    const result = await restore(await archiveOf([{ name: 't', partitions: [plain] }]), kafka);
    expect(result.refusedConfigs).toEqual([]);
    expect([...(kafka.topicsByName.get('t')?.configs ?? [])]).toEqual([]);
  });

  it('sets group offsets to the next record and reports clamped and refused ones', async () => {
    const kafka = new FakeKafka();
    kafka.groups.push({ group: 'busy', state: 'Stable', protocolType: 'consumer', members: 1 });
    const at = (offset: bigint) => ({
      topic: 't',
      partition: 0,
      offset,
      leaderEpoch: 9,
      metadata: 'mark',
    });
    const groups = [
      { group: 'g', state: 'Empty', protocolType: 'consumer', offsets: [at(10n)] },
      { group: 'beyond', state: 'Empty', protocolType: 'consumer', offsets: [at(99n)] },
      { group: 'busy', state: 'Empty', protocolType: 'consumer', offsets: [at(12n)] },
    ];
    const result = await restore(
      await archiveOf([{ name: 't', partitions: [mixed] }], { groups }),
      kafka,
      { renames: { t: 'u' } },
    );
    expect(kafka.committed.get('g')).toEqual([
      { topic: 'u', partition: 0, offset: 5n, leaderEpoch: -1, metadata: 'mark' },
    ]);
    expect(
      result.groups.map(({ group, status, offsets }) => [
        group,
        status,
        offsets[0]?.targetOffset,
        offsets[0]?.clamped,
      ]),
    ).toEqual([
      ['g', 'set', 5n, null],
      ['beyond', 'set', BigInt(mixedOffsets.length), 'end'],
      ['busy', 'refused', 5n, null],
    ]);
    expect(restoreExitCode(result)).toBe(21);
  });

  it('refuses a topic with records, and takes an empty one', async () => {
    const archive = await archiveOf([{ name: 't', partitions: [plain] }]);
    const kafka = new FakeKafka();
    await kafka.createTopics([{ name: 't', partitions: 1, replicationFactor: 1, configs: {} }]);
    expect((await restore(archive, kafka)).topics[0]?.created).toBe(false);
    const callsBefore = kafka.calls.length;
    await expect(restore(archive, kafka)).rejects.toMatchObject({
      code: 'KOPS_REFUSED',
      exitCode: 12,
    });
    expect(kafka.calls).toHaveLength(callsBefore);
  });

  it('stops when somebody else writes to the topic', async () => {
    const kafka = new FakeKafka();
    let calls = 0;
    kafka.interfere = () => {
      if (++calls === 5) kafka.topicsByName.get('t')?.logs[0]?.push(batchAt([5000]));
      return undefined;
    };
    await expect(
      restore(await archiveOf([{ name: 't', partitions: [plain] }]), kafka),
    ).rejects.toMatchObject({
      code: 'KOPS_OFFSET_MISMATCH',
      message: 'the target wrote a batch at offset 5001, expected 30',
    });
  });

  it('goes on by itself after lost answers and refusals, and gives up when nothing gets through any more', async () => {
    const archive = await archiveOf([{ name: 't', partitions: [plain] }]);
    const kafka = new FakeKafka();
    let calls = 0;
    kafka.interfere = () => {
      calls += 1;
      if (calls % 3 === 0) return 'answer-lost';
      return calls % 4 === 0 ? 'refused' : undefined;
    };
    const result = await restore(archive, kafka);
    expect(result).toMatchObject({ status: 'complete', records: 120 });
    expect(digests(kafka, 't')).toEqual(
      offsetsFrom(0, 120).map((offset) => recordDigest(recordAt(offset))),
    );
    const stuck = new FakeKafka();
    stuck.interfere = (call) => (call.startsWith('produce') ? 'refused' : undefined);
    await expect(restore(archive, stuck)).rejects.toMatchObject({
      code: 'KOPS_KAFKA_PROTOCOL',
      at: { topic: 't', partition: 0 },
    });
    expect(stuck.calls.filter((call) => call.startsWith('produce'))).toHaveLength(3);
  });

  it('has several batches of a partition under way, in sequence, and one without the right to a producer id', async () => {
    const archive = await archiveOf([{ name: 't', partitions: [plain] }]);
    const kafka = new FakeKafka();
    await restore(archive, kafka);
    expect(kafka.mostUnderWay).toBe(5);
    expect(kafka.batches('t', 0).map((batch) => [batch.producerId, batch.baseSequence])).toEqual(
      offsetsFrom(0, 12).map((index) => [0n, index * 10]),
    );
    const denied = new FakeKafka();
    denied.deniesProducerIds = true;
    await restore(archive, denied);
    expect(denied.mostUnderWay).toBe(1);
    expect(digests(denied, 't')).toEqual(digests(kafka, 't'));
    expect(new Set(denied.batches('t', 0).map(({ producerId }) => producerId))).toEqual(
      new Set([-1n]),
    );
  });

  it('leaves no gap and no double, whichever of several batches under way are refused or unanswered', async () => {
    const archive = await archiveOf([{ name: 't', partitions: [plain, mixed] }]);
    const troubles = fc.array(
      fc.record({
        call: fc.integer({ min: 2, max: 40 }),
        trouble: fc.constantFrom('refused', 'answer-lost', 'fail-before', 'fail-after'),
      }),
      { minLength: 1, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(troubles, fc.boolean(), async (list, deniesProducerIds) => {
        const kafka = new FakeKafka();
        kafka.deniesProducerIds = deniesProducerIds;
        const byCall = new Map(list.map(({ call, trouble }) => [call, trouble] as const));
        kafka.interfere = (call) =>
          call.startsWith('produce') ? byCall.get(kafka.calls.length) : undefined;
        const statePath = join(await mkdtemp(join(folder, 'run-')), 'state.json');
        await restore(archive, kafka, {}, quick, statePath);
        expect(digests(kafka, 't', 0)).toEqual(
          offsetsFrom(0, 120).map((offset) => recordDigest(recordAt(offset))),
        );
        expect(digests(kafka, 't', 1)).toEqual(expectedMixed());
      }),
      { numRuns: 60 },
    );
  });

  it('notices a gap that a broker let through because it forgot the producer', async () => {
    const archive = await archiveOf([{ name: 't', partitions: [plain] }]);
    const kafka = new FakeKafka();
    kafka.interfere = (call) => {
      if (!call.startsWith('produce')) return undefined;
      if (kafka.calls.length === 5) return 'refused';
      return kafka.calls.length === 6 ? 'forgets-producers' : undefined;
    };
    await expect(restore(archive, kafka)).rejects.toMatchObject({ code: 'KOPS_OFFSET_MISMATCH' });
  });

  it('tells how far it is, earlier runs included', async () => {
    const archive = await archiveOf([{ name: 't', partitions: [plain, plain] }]);
    const kafka = new FakeKafka();
    const plan = planRestore(archive.manifest, await inspectTarget(kafka, archive.manifest));
    const statePath = join(folder, 'state.json');
    for (const resume of [false, true]) {
      const told: RestoreProgress[] = [];
      await executeRestore({
        archive,
        kafka,
        plan,
        statePath,
        resume,
        limits: quick,
        onProgress: (progress) => told.push(progress),
      });
      expect(told.at(-1)).toMatchObject({
        phase: 'done',
        partitionsDone: 2,
        partitions: 2,
        records: 240,
      });
      expect(told.map(({ phase }) => phase)).toContain('fill');
    }
  });

  it('stops when it is told to, and goes on later', async () => {
    const archive = await archiveOf([{ name: 't', partitions: [plain] }]);
    const kafka = new FakeKafka();
    const plan = planRestore(archive.manifest, await inspectTarget(kafka, archive.manifest));
    const options = { archive, kafka, plan, statePath: join(folder, 'state.json'), limits: quick };
    const controller = new AbortController();
    kafka.interfere = (call) => {
      if (kafka.calls.length === 4) controller.abort();
      return call === '' ? 'refused' : undefined;
    };
    await expect(executeRestore({ ...options, signal: controller.signal })).rejects.toMatchObject({
      code: 'KOPS_INTERRUPTED',
    });
    expect(kafka.records('t', 0).length).toBeLessThan(120);
    await expect(executeRestore({ ...options, resume: true })).resolves.toMatchObject({
      records: 120,
    });
  });

  it('loses and doubles nothing, wherever a run ends and whatever of its last requests got through', async () => {
    const archive = await archiveOf([{ name: 't', partitions: [plain, mixed] }], {
      groups: [
        {
          group: 'g',
          state: 'Empty',
          protocolType: 'consumer',
          offsets: [{ topic: 't', partition: 1, offset: 10n, leaderEpoch: 1, metadata: null }],
        },
      ],
    });
    const ends = fc.array(
      fc.record({
        after: fc.nat(26),
        lost: fc.boolean(),
        checkpointMs: fc.constantFrom(0, 10_000),
      }),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    await fc.assert(
      fc.asyncProperty(ends, async (runs) => {
        const kafka = new FakeKafka();
        const statePath = join(await mkdtemp(join(folder, 'run-')), 'state.json');
        let isFirst = true;
        let finished: RestoreResult | undefined;
        for (const { after, lost, checkpointMs } of [
          ...runs,
          { after: Infinity, lost: false, checkpointMs: 0 },
        ]) {
          let left = after;
          // Once a run is over, nothing of it gets through any more, but for the request whose answer is lost.
          kafka.interfere = () =>
            left-- > 0 ? undefined : lost && left === -1 ? 'fail-after' : 'fail-before';
          const options = { resume: !isFirst };
          try {
            finished = await restore(
              archive,
              kafka,
              options,
              { ...impatient, checkpointMs },
              statePath,
            );
            break;
          } catch (error) {
            expect(error).toMatchObject({ code: 'KOPS_KAFKA_UNREACHABLE' });
          }
          isFirst = false;
        }
        expect(digests(kafka, 't', 0)).toEqual(
          offsetsFrom(0, 120).map((offset) => recordDigest(recordAt(offset))),
        );
        expect(digests(kafka, 't', 1)).toEqual(expectedMixed());
        expect(finished?.topics[0]?.partitions.map(({ records }) => records)).toEqual([
          120,
          mixedOffsets.length,
        ]);
        expect(finished?.topics[0]?.partitions[1]?.leftOut).toEqual({
          aborted: 3,
          open: 2,
          outsideWindow: 0,
          controlBatches: 2,
        });
        expect(kafka.committed.get('g')?.[0]?.offset).toBe(5n);
        if (finished !== undefined) await expectMixedMapping(finished, 1);
      }),
      { numRuns: 30 },
    );
  });

  it('notices on resume that a topic was created anew, cut short or written to by others', async () => {
    const archive = await archiveOf([{ name: 't', partitions: [plain] }]);
    const interrupted = async (): Promise<FakeKafka> => {
      const kafka = new FakeKafka();
      let left = 8;
      kafka.interfere = () => (left-- > 0 ? undefined : 'fail-before');
      await expect(restore(archive, kafka, {}, impatient)).rejects.toMatchObject({
        code: 'KOPS_KAFKA_UNREACHABLE',
      });
      kafka.interfere = () => undefined;
      return kafka;
    };
    const recreated = await interrupted();
    recreated.topicsByName.delete('t');
    await recreated.createTopics([
      { name: 'other', partitions: 1, replicationFactor: 1, configs: {} },
    ]);
    await recreated.createTopics([{ name: 't', partitions: 1, replicationFactor: 1, configs: {} }]);
    await expect(restore(archive, recreated, { resume: true })).rejects.toMatchObject({
      code: 'KOPS_REFUSED',
    });
    const shortened = await interrupted();
    shortened.topicsByName.get('t')?.logs[0]?.splice(1);
    await expect(restore(archive, shortened, { resume: true })).rejects.toMatchObject({
      code: 'KOPS_OFFSET_MISMATCH',
    });
    const foreign = await interrupted();
    const log = foreign.topicsByName.get('t')?.logs[0];
    log?.splice(
      -1,
      1,
      batchAt(offsetsFrom((log.length - 1) * 10, 10), { baseTimestamp: 5n }).fill(7, 100, 101),
    );
    await expect(restore(archive, foreign, { resume: true })).rejects.toMatchObject({
      code: 'KOPS_OFFSET_MISMATCH',
    });
    const same = await interrupted();
    await expect(restore(archive, same, { resume: true })).resolves.toMatchObject({
      status: 'complete',
      records: 120,
    });
  });

  it('resumes no other plan and no run that never was', async () => {
    const archive = await archiveOf([{ name: 't', partitions: [plain] }]);
    const kafka = new FakeKafka();
    await expect(restore(archive, kafka, { resume: true })).rejects.toMatchObject({
      code: 'KOPS_REFUSED',
    });
    await restore(archive, kafka);
    await expect(
      restore(archive, kafka, { resume: true, holdRetention: true }),
    ).rejects.toMatchObject({ code: 'KOPS_REFUSED' });
    await expect(restore(archive, kafka, { resume: true })).resolves.toMatchObject({
      resumed: true,
      records: 120,
    });
  });
});
