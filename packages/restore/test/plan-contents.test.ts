import type { StraddlingTransaction } from '@kops/archive-format';
import type { Archive } from '@kops/repository';
import { describe, expect, it } from 'vitest';
import {
  describePlan,
  inspectContents,
  planRestore,
  type ContentSource,
  type RestoreOptions,
  type TargetFacts,
} from '../src/index.ts';
import { archiveOf, type PartitionFixture } from './archive-fixture.ts';
import { batchAt, firstTimestamp, markerAt, offsetsFrom, transactionalBatch } from './batches.ts';

const target: TargetFacts = {
  clusterId: 'target',
  brokers: 3,
  topics: [],
  groups: [],
  knownConfigs: null,
  defaults: null,
};

/** An archive of one topic `t` with these partitions. */
const archiveWith = (...partitions: readonly PartitionFixture[]): Promise<Archive> =>
  archiveOf([{ name: 't', partitions }]);

async function plan(archive: ContentSource, options: RestoreOptions = {}) {
  const contents = await inspectContents(archive, options);
  return planRestore(archive.manifest, target, options, contents);
}

/** Strategy and reasons of each partition. */
async function strategies(archive: ContentSource, options: RestoreOptions = {}) {
  const { topics } = await plan(archive, options);
  return topics.flatMap(({ partitions }) =>
    partitions.map(({ strategy, reasons }) => [strategy, ...reasons]),
  );
}

function withTransactions(archive: Archive, openTransactions: StraddlingTransaction[]): Archive {
  const [topic] = archive.manifest.topics;
  const partitions = topic!.partitions.map((partition) => ({ ...partition, openTransactions }));
  const manifest = { ...archive.manifest, topics: [{ ...topic!, partitions }] };
  return new Proxy(archive, {
    get: (of, name) => {
      if (name === 'manifest') return manifest;
      const value: unknown = Reflect.get(of, name);
      return typeof value === 'function' ? (value.bind(of) as unknown) : value;
    },
  });
}

const plain = batchAt(offsetsFrom(0, 10));
const transaction = transactionalBatch(offsetsFrom(10, 5), 7n);

describe('the promise of a plan', () => {
  it('is exact where every offset is a record that is restored', async () => {
    const archive = await archiveWith({ batches: [plain, batchAt(offsetsFrom(10, 5))] });
    expect(await strategies(archive)).toEqual([['exact']]);
    expect((await plan(archive, { offsets: 'exact' })).refusals).toEqual([]);
  });

  it.each(['commit', 'abort'] as const)('is mapped behind a marker of a %s', async (type) => {
    const archive = await archiveWith(
      { batches: [plain, transaction, markerAt(15, 7n, type)] },
      { batches: [plain] },
    );
    const reason = '1 transaction marker not restored';
    expect(await strategies(archive)).toEqual([['mapped', reason], ['exact']]);
    const exact = await plan(archive, { offsets: 'exact' });
    expect(exact.refusals).toMatchObject([
      { code: 'KOPS_REFUSED', at: { topic: 't', partition: 0 } },
    ]);
    expect(exact.refusals[0]?.message).toContain(reason);
    const auto = await plan(archive);
    expect(auto.refusals).toEqual([]);
    expect(auto.warnings.join()).toContain(`offsets of 1 of 2 partitions are mapped (t-0: `);
  });

  it('is exact for a transaction whose marker lies beyond the cut, if it was committed', async () => {
    const batches = [plain, transaction, markerAt(15, 7n, 'commit')];
    const archive = await archiveWith({ batches, cut: 15n });
    const straddling = { producerId: 7n, producerEpoch: 0, firstOffset: 10n };
    const committed = { ...straddling, outcome: 'committed' as const };
    const aborted = { ...straddling, outcome: 'aborted' as const };
    expect(await strategies(withTransactions(archive, [committed]))).toEqual([['exact']]);
    for (const left of [aborted, straddling]) {
      expect(await strategies(withTransactions(archive, [left]))).toEqual([
        ['mapped', '1 transaction uncommitted at the cut not restored'],
      ]);
    }
  });

  it('looks into segments of which a part is shown', async () => {
    const withHole = batchAt([0, 1, 2, 5, 6]);
    const archive = await archiveWith(
      // Shown are 0 to 2: the hole lies beyond.
      { batches: [withHole], cut: 3n },
      // Shown are 0 to 5: two offsets without a record.
      { batches: [withHole], cut: 6n },
      // The marker lies in the hidden part of the segment; that of another transaction in the visible one.
      { batches: [plain, transaction, markerAt(15, 7n, 'commit')], cut: 10n },
      { batches: [markerAt(0, 8n, 'commit'), batchAt(offsetsFrom(1, 9)), transaction], cut: 10n },
    );
    expect(archive.manifest.topics[0]?.partitions.map(({ records }) => records)).toEqual([
      null,
      null,
      10,
      10,
    ]);
    expect(await strategies(archive)).toEqual([
      ['exact'],
      ['mapped', '2 offsets without a record (holes)'],
      ['exact'],
      ['mapped', '1 transaction marker not restored'],
    ]);
  });
});

describe('a selection without a record', () => {
  const none = { code: 'KOPS_RECORDS_NOT_FOUND', exitCode: 10 };
  const last = firstTimestamp + 14n;
  const windows = { inside: { from: last }, outside: { from: last + 1n }, before: { to: 5n } };

  it('is refused for a window that no record lies in', async () => {
    const archive = await archiveWith({ batches: [plain, batchAt(offsetsFrom(10, 5))] });
    for (const window of [windows.outside, windows.before]) {
      await expect(plan(archive, { window })).rejects.toMatchObject(none);
      await expect(plan(archive, { window })).rejects.toThrow(
        /no record (from 2023-.* on|before 1970-.*) to restore in 't'; nothing was changed/,
      );
    }
    expect((await plan(archive, { window: windows.inside })).topics).toHaveLength(1);
  });

  it('is told by its dates and, where they were counted, the records in it', async () => {
    const committed = [transaction, markerAt(15, 7n, 'commit')];
    const aborted = [transactionalBatch(offsetsFrom(16, 4), 8n), markerAt(20, 8n, 'abort')];
    const archive = await archiveWith({ batches: [plain, ...committed, ...aborted] });
    const window = { from: firstTimestamp + 8n, to: firstTimestamp + 18n };
    const [from, to] = [window.from, window.to].map((ms) => new Date(Number(ms)).toISOString());
    const contents = await inspectContents(archive, { window }, { countsWindow: true });
    const counted = describePlan(planRestore(archive.manifest, target, { window }, contents));
    // Records 8 to 14; 16 and 17 were aborted.
    expect(counted[1]).toBe(
      `1 topic, offsets auto, records from ${from!} on and before ${to!} (7 records)`,
    );
    expect(describePlan(await plan(archive, { window }))[1]).toBe(
      `1 topic, offsets auto, records from ${from!} on and before ${to!}`,
    );
  });

  it('is refused where nothing but aborted, undecided and control records lie in it', async () => {
    const window = windows.inside;
    const abort = markerAt(15, 7n, 'abort');
    const aborted = await archiveWith({ batches: [plain, transaction, abort] });
    await expect(plan(aborted, { window })).rejects.toMatchObject(none);
    const open = await archiveWith({ batches: [plain, transaction] });
    await expect(plan(open, { window })).rejects.toMatchObject(none);
    const commit = markerAt(15, 7n, 'commit');
    const committed = await archiveWith({ batches: [plain, transaction, commit] });
    expect((await plan(committed, { window })).refusals).toEqual([]);
    const straddling = { producerId: 7n, producerEpoch: 0, firstOffset: 10n };
    const later = withTransactions(open, [{ ...straddling, outcome: 'committed' }]);
    expect((await plan(later, { window })).refusals).toEqual([]);
  });

  it('is refused where no chosen topic is in the archive, not where the topics are empty', async () => {
    const archive = await archiveOf([
      {
        name: 'empty',
        partitions: [{ batches: [] }, { batches: [] }],
        configs: [{ name: 'retention.ms', value: '60000', source: 'DYNAMIC_TOPIC_CONFIG' }],
      },
      { name: 'other', partitions: [{ batches: [plain] }] },
    ]);
    for (const options of [
      { topics: ['empty'] },
      { exclude: ['other'] },
      // A window leaves out records, not topics that have none.
      { topics: ['empty'], window: windows.before },
    ]) {
      const made = await plan(archive, options);
      expect(made.refusals).toEqual([]);
      expect(made.topics).toMatchObject([
        { target: 'empty', partitionCount: 2, finalConfigs: { 'retention.ms': '60000' } },
      ]);
    }
    await expect(plan(archive, { window: windows.before })).rejects.toMatchObject(none);
    for (const options of [{ exclude: ['*'] }, { topics: ['absent'] }])
      await expect(plan(archive, options)).rejects.toMatchObject({ code: 'KOPS_TOPIC_NOT_FOUND' });
    const whole = await plan(await archiveWith({ batches: [] }));
    expect(whole.topics).toHaveLength(1);
    expect(whole.warnings).toContain(
      'the archive has no records to restore: its topics are created empty',
    );
  });
});
