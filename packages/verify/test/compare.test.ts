import { createMemoryStore } from '@kops/object-store/memory';
import type { KafkaRecord } from '@kops/record-batch';
import { createRepository, openArchive, type Archive } from '@kops/repository';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareConfigs,
  compareGroups,
  comparePartition,
  type ComparePartitionOptions,
  type PartitionComparison,
} from '../src/index.ts';
import { fakeTarget, type TargetContent } from './fake-target.ts';
import { batchOf, commit, encode, markerOf, recordOf } from './fixture.ts';

const source = { topic: 'orders', partition: 0 };
const target = { topic: 'restored', partition: 0 };
const header = (key: string, value: string | null) => ({
  key,
  value: value === null ? null : Buffer.from(value),
});

const plain = Array.from({ length: 200 }, (_, offset) => recordOf(offset));
const odd: KafkaRecord[] = [
  recordOf(0, { key: null, value: null }),
  recordOf(1, { key: Buffer.alloc(0), value: Buffer.alloc(0) }),
  recordOf(2, { headers: [header('b', '1'), header('a', null), header('b', '')] }),
  recordOf(3),
];

function inBatches(records: readonly KafkaRecord[], size = 7): Uint8Array[] {
  const batches: Uint8Array[] = [];
  for (let index = 0; index < records.length; index += size)
    batches.push(
      encode(records.slice(index, index + size), { codec: index % 2 === 0 ? 'none' : 'zstd' }),
    );
  return batches;
}

/** The records as they lie on a target without holes. */
function renumbered(records: readonly KafkaRecord[]): KafkaRecord[] {
  return records.map((record, index) => ({ ...record, offset: BigInt(index) }));
}

async function archiveOf(segments: readonly (readonly Uint8Array[])[]): Promise<Archive> {
  const repository = await createRepository(createMemoryStore());
  return openArchive(repository, await commit(repository, [{ segments }]));
}

async function compare(
  records: readonly KafkaRecord[],
  onTarget: readonly KafkaRecord[],
  more: Partial<ComparePartitionOptions> & { content?: Partial<TargetContent> } = {},
): Promise<PartitionComparison> {
  const archive = await archiveOf([inBatches(records)]);
  const kafka = fakeTarget({ batches: inBatches(renumbered(onTarget), 11), ...more.content });
  return comparePartition({
    archive,
    kafka,
    source,
    target,
    translate: (offset) => offset,
    ...more,
  });
}

const kinds = ({ differences }: PartitionComparison): string[] =>
  differences.map(({ kind }) => kind);
const only = ({ differences }: PartitionComparison) => {
  expect(differences).toHaveLength(1);
  return differences[0]!;
};

describe('equal content', () => {
  it.each([
    ['plain', plain],
    ['odd', odd],
  ])('is equal: %s', async (_name, records) => {
    const comparison = await compare(records, records);
    expect(comparison).toMatchObject({
      differences: [],
      differingRecords: 0,
      sourceRecords: records.length,
      targetRecords: records.length,
      equalRecords: records.length,
      maxTimestamp: records.at(-1)!.timestamp,
    });
  });

  it('is equal when holes were closed and the translation says so', async () => {
    const holes = plain.filter((_, index) => index % 3 !== 0);
    const order = new Map(holes.map(({ offset }, index) => [offset, BigInt(index)]));
    const comparison = await compare(holes, holes, {
      translate: (offset) => order.get(offset) ?? -1n,
    });
    expect(comparison).toMatchObject({ differences: [], equalRecords: holes.length });
  });

  it('leaves out what read_committed does not show', async () => {
    const producer = { producerId: 7n, producerEpoch: 0, isTransactional: true };
    const archive = await archiveOf([
      [
        batchOf(0, 2, producer),
        markerOf(2, 7n, 'abort'),
        batchOf(3, 2, producer),
        markerOf(5, 7n, 'commit'),
      ],
    ]);
    const kafka = fakeTarget({ batches: [encode(renumbered([recordOf(3), recordOf(4)]))] });
    const comparison = await comparePartition({
      archive,
      kafka,
      source,
      target,
      translate: (offset) => offset - 3n,
    });
    expect(comparison).toMatchObject({ differences: [], equalRecords: 2 });
  });

  it('keeps the time of LogAppendTime, whose type produce cannot keep', async () => {
    const stamped = [recordOf(0, { timestamp: 5n }), recordOf(1, { timestamp: 5n })];
    const archive = await archiveOf([
      [encode(stamped, { timestampType: 'LogAppendTime', maxTimestamp: 5n })],
    ]);
    const kafka = fakeTarget({ batches: [encode(stamped)] });
    const comparison = await comparePartition({
      archive,
      kafka,
      source,
      target,
      translate: (offset) => offset,
    });
    expect(comparison).toMatchObject({
      differences: [],
      timestampTypesNotKept: 2,
      equalRecords: 2,
    });
    const back = await comparePartition({
      archive: await archiveOf([[encode(stamped)]]),
      kafka: fakeTarget({
        batches: [encode(stamped, { timestampType: 'LogAppendTime', maxTimestamp: 5n })],
      }),
      source,
      target,
      translate: (offset) => offset,
    });
    expect(back.differences[0]).toMatchObject({ kind: 'changed', fields: ['timestampType'] });
  });
});

describe('one difference', () => {
  const changes: [string, Partial<KafkaRecord>, string, RegExp][] = [
    ['value', { value: Buffer.from('other') }, 'value', /value "v100" became "other"/],
    ['key', { key: Buffer.from('K') }, 'key', /key "k100" became "K"/],
    ['timestamp', { timestamp: 1n }, 'timestamp', /timestamp 1700000000100 became 1$/],
    ['null for a value', { value: null }, 'value', /value "v100" became null/],
    ['an empty value', { value: Buffer.alloc(0) }, 'value', /value "v100" became ""/],
    ['a header', { headers: [header('h', '1')] }, 'headers', /headers \[\] became \[h="1"\]/],
  ];

  it.each(changes)('is told as changed: %s', async (_name, fields, field, message) => {
    const comparison = await compare(plain, plain.with(100, { ...plain[100]!, ...fields }));
    expect(only(comparison)).toMatchObject({
      kind: 'changed',
      fields: [field],
      source: { ...source, offset: 100n },
      target: { ...target, offset: 100n },
      message: expect.stringMatching(message),
    });
    expect(comparison).toMatchObject({ equalRecords: 199, differingRecords: 1 });
  });

  it.each([
    [
      'header order',
      2,
      { headers: [header('a', null), header('b', '1'), header('b', '')] },
      'headers',
    ],
    ['a header less', 2, { headers: [header('b', '1'), header('a', null)] }, 'headers'],
    [
      'an empty for a null header',
      2,
      { headers: [header('b', '1'), header('a', ''), header('b', '')] },
      'headers',
    ],
    ['empty for a null key', 0, { key: Buffer.alloc(0) }, 'key'],
    ['null for an empty value', 1, { value: null }, 'value'],
  ] as const)('is told as changed: %s', async (_name, index, fields, field) => {
    const comparison = await compare(odd, odd.with(index, { ...odd[index]!, ...fields }));
    expect(only(comparison)).toMatchObject({ kind: 'changed', fields: [field] });
  });

  it('is told as missing: a dropped record', async () => {
    const comparison = await compare(plain, plain.toSpliced(100, 1));
    expect(only(comparison)).toMatchObject({
      kind: 'missing',
      source: { offset: 100n },
      target: null,
      message: expect.stringContaining('record at offset 100 is missing on the target (key "k100"'),
    });
    expect(comparison).toMatchObject({ differingRecords: 1, targetRecords: 199 });
  });

  it('is told as missing: the first and the last record', async () => {
    expect(only(await compare(plain, plain.slice(1)))).toMatchObject({
      kind: 'missing',
      source: { offset: 0n },
    });
    expect(only(await compare(plain, plain.slice(0, -1)))).toMatchObject({
      kind: 'missing',
      source: { offset: 199n },
    });
  });

  it('is told once for many missing in a row', async () => {
    const difference = only(await compare(plain, plain.slice(0, 50)));
    expect(difference).toMatchObject({ kind: 'missing', count: 150, source: { offset: 50n } });
    expect(difference.message).toContain('(and 149 more in a row)');
  });

  it('is told as duplicated', async () => {
    const comparison = await compare(plain, plain.toSpliced(100, 0, plain[100]!));
    expect(only(comparison)).toMatchObject({
      kind: 'duplicated',
      source: { offset: 100n },
      target: { offset: 101n },
      message: expect.stringContaining('is duplicated: it is also at target offset 101'),
    });
  });

  it('is told as duplicated at a distance', async () => {
    expect(only(await compare(plain, plain.toSpliced(120, 0, plain[100]!)))).toMatchObject({
      kind: 'duplicated',
      source: { offset: 100n },
      target: { offset: 120n },
    });
    expect(only(await compare(plain, [...plain, plain[199]!]))).toMatchObject({
      kind: 'duplicated',
      source: { offset: 199n },
      target: { offset: 200n },
    });
  });

  it('is told as extra: a record that the archive never had', async () => {
    const difference = only(
      await compare(
        plain,
        plain.toSpliced(100, 0, recordOf(0, { value: Buffer.from('stranger') })),
      ),
    );
    expect(difference).toMatchObject({ kind: 'extra', source: null, target: { offset: 100n } });
    expect(difference.message).toContain('"stranger"');
  });

  it('is told as swapped', async () => {
    const comparison = await compare(plain, plain.with(100, plain[101]!).with(101, plain[100]!));
    expect(only(comparison)).toMatchObject({
      kind: 'swapped',
      count: 2,
      message: 'records at offsets 100 and 101 are swapped on the target',
    });
    expect(comparison.differingRecords).toBe(2);
  });

  it.each(['changed', 'missing', 'duplicated', 'swapped'] as const)(
    'is told as %s at every place of partitions of two to six records',
    async (kind) => {
      for (let size = 2; size <= 6; size++) {
        const records = plain.slice(0, size);
        for (let at = 0; at < (kind === 'swapped' ? size - 1 : size); at++) {
          const [one, next] = [records[at]!, records[at + 1] ?? records[at]!];
          const [until, after] = [records.slice(0, at), records.slice(at + 1)];
          const onTarget = {
            changed: [...until, recordOf(at, { value: Buffer.from('other') }), ...after],
            missing: [...until, ...after],
            duplicated: [...until, one, one, ...after],
            swapped: [...until, next, one, ...after.slice(1)],
          }[kind];
          const { differences } = await compare(records, onTarget);
          const told = differences.map((difference) => [
            difference.kind,
            difference.source?.offset,
            difference.count,
          ]);
          expect(told, `${kind} at ${String(at)} of ${String(size)}`).toEqual([
            [kind, BigInt(at), kind === 'swapped' ? 2 : 1],
          ]);
        }
      }
    },
  );

  it('is told as moved: a record that lies two places further on', async () => {
    const comparison = await compare(plain, plain.toSpliced(100, 1).toSpliced(102, 0, plain[100]!));
    expect(only(comparison)).toMatchObject({
      kind: 'swapped',
      source: { offset: 100n },
      target: { offset: 102n },
      message: expect.stringContaining('in another order'),
    });
  });

  it('is told as missing here and lying there where a record moved far', async () => {
    const comparison = await compare(plain, plain.toSpliced(100, 1).toSpliced(150, 0, plain[100]!));
    expect(comparison.differences).toMatchObject([
      { kind: 'missing', source: { offset: 100n } },
      { kind: 'duplicated', source: { offset: 100n }, target: { offset: 150n } },
    ]);
  });

  it('is told as it was where one is written twice and the next but one is missing', async () => {
    const changed = plain.toSpliced(100, 0, plain[100]!).toSpliced(103, 1);
    const comparison = await compare(plain, changed);
    expect(kinds(comparison).sort()).toEqual(['duplicated', 'missing']);
    expect(comparison.differences.map(({ source: at }) => at?.offset).sort()).toEqual([100n, 102n]);
  });

  it('is told as offset: right content in a wrong place', async () => {
    const batches = [
      encode(plain.slice(0, 100)),
      encode(plain.slice(100).map((record) => ({ ...record, offset: record.offset + 5n }))),
    ];
    const comparison = await compare(plain, plain, { content: { batches } });
    expect(only(comparison)).toMatchObject({
      kind: 'offset',
      source: { offset: 100n },
      target: { offset: 105n },
    });
    expect(comparison.equalRecords).toBe(100);
  });

  it('is told as diverged where nothing is found again', async () => {
    const other = plain.map((record) => ({ ...record, value: Buffer.from('other') }));
    const comparison = await compare(plain, other, { windowRecords: 16 });
    expect(kinds(comparison)[0]).toBe('diverged');
    expect(comparison.differences.length).toBeLessThanOrEqual(9);
    expect(comparison).toMatchObject({ differingRecords: 200, equalRecords: 0 });
  });

  it('is told as unreadable when a batch on the target is damaged', async () => {
    const batches = inBatches(plain);
    const broken = Buffer.from(batches[10]!);
    broken[broken.length - 1] = broken.at(-1)! ^ 1;
    const comparison = await compare(plain, plain, {
      content: { batches: batches.with(10, broken) },
    });
    expect(only(comparison)).toMatchObject({
      kind: 'unreadable',
      message: expect.stringContaining('CRC-32C'),
    });
    expect(comparison.equalRecords).toBe(70);
  });
});

describe('many differences', () => {
  it('are counted exactly and listed up to the limit', async () => {
    const every = plain.map((record, index) =>
      index % 2 === 0 && index % 8 === 0 ? { ...record, value: null } : record,
    );
    const comparison = await compare(plain, every, { maxDifferences: 10 });
    expect(comparison.differences).toHaveLength(10);
    expect(comparison.differingRecords).toBe(25);
  });

  it('of any kind and place never leave a comparison green', async () => {
    const edit = fc.record({
      at: fc.nat(199),
      how: fc.constantFrom('drop', 'double', 'change', 'swap'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(edit, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 4, max: 64 }),
        async (edits, windowRecords) => {
          let changed = [...plain];
          for (const { at, how } of edits) {
            const index = Math.min(at, changed.length - 2);
            const [first, second] = [changed[index]!, changed[index + 1]!];
            if (how === 'drop') changed = changed.toSpliced(index, 1);
            else if (how === 'double') changed = changed.toSpliced(index, 0, first);
            else if (how === 'swap') changed = changed.toSpliced(index, 2, second, first);
            else
              changed = changed.with(index, {
                ...first,
                value: Buffer.from(`changed ${String(index)}`),
              });
          }
          const isSame =
            changed.length === plain.length &&
            changed.every((record, index) => record === plain[index]);
          const comparison = await compare(plain, changed, { windowRecords });
          expect(comparison.differences.length > 0).toBe(!isSame);
          expect(comparison).toMatchObject({ sourceRecords: 200, targetRecords: changed.length });
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('groups', () => {
  const at = (offset: bigint) => ({ ...source, offset, leaderEpoch: 3, metadata: 'm' });
  const on = (offset: bigint) => ({ ...target, offset, leaderEpoch: -1, metadata: 'm' });

  async function check(sourceOffset: bigint, committed: ReturnType<typeof on> | undefined) {
    const archive = await archiveOf([inBatches(plain)]);
    const kafka = fakeTarget({
      batches: inBatches(plain),
      committed: committed === undefined ? {} : { billing: [committed] },
    });
    const groups = [
      { group: 'billing', state: 'Empty', protocolType: 'consumer', offsets: [at(sourceOffset)] },
    ];
    return compareGroups({
      archive,
      kafka,
      groups,
      partitions: [{ source, target, translate: (offset) => offset }],
    });
  }

  it.each([0n, 100n, 199n, 200n])('at offset %i go on with the same record', async (offset) => {
    expect(await check(offset, on(offset))).toEqual({ groups: 1, offsets: 1, differences: [] });
  });

  it('beyond the cut stand at the end', async () => {
    expect((await check(500n, on(200n))).differences).toEqual([]);
  });

  it.each([
    [
      'moved forward',
      100n,
      on(101n),
      /would read offset 101 .*"k101".* next, but should read offset 100 /,
    ],
    ['moved back', 100n, on(99n), /would read offset 99 /],
    [
      'at the end too early',
      100n,
      on(200n),
      /would read no more records, but should read offset 100/,
    ],
    ['before the end', 200n, on(199n), /would read offset 199 .* but should read no more records/],
    ['without an offset', 100n, undefined, /has no offset on the target/],
    [
      'with other metadata',
      100n,
      { ...on(100n), metadata: 'x' },
      /has the metadata "x", it was "m"/,
    ],
  ])('%s are told', async (_name, offset, committed, message) => {
    const { differences } = await check(offset, committed);
    expect(differences).toMatchObject([
      {
        kind: 'group',
        group: 'billing',
        source: { offset },
        message: expect.stringMatching(message),
      },
    ]);
  });

  it('on a record of the same content in another place are told', async () => {
    const twins = plain.map(({ offset }) => recordOf(0, { offset }));
    const archive = await archiveOf([inBatches(twins)]);
    const kafka = fakeTarget({ batches: inBatches(twins), committed: { billing: [on(101n)] } });
    const groups = [
      { group: 'billing', state: 'Empty', protocolType: 'consumer', offsets: [at(100n)] },
    ];
    const { differences } = await compareGroups({
      archive,
      kafka,
      groups,
      partitions: [{ source, target, translate: (offset) => offset }],
    });
    expect(differences[0]?.message).toContain('the right one is at 100');
  });
});

describe('configs', () => {
  const entry = (name: string, value: string, from = 'DYNAMIC_TOPIC_CONFIG') => ({
    name,
    value,
    source: from,
    isSensitive: false,
    isReadOnly: false,
  });

  const pinned = { name: 'max.message.bytes', value: '77', reason: 'a default of the source' };

  async function check(
    configs: readonly ReturnType<typeof entry>[],
    partitions = 1,
    adapted: readonly (typeof pinned)[] = [],
  ) {
    const repository = await createRepository(createMemoryStore());
    const ref = await commit(repository, [{ segments: [] }], {
      configs: [
        entry('retention.ms', '5'),
        entry('tied', 'x'),
        entry('segment.bytes', '9', 'DEFAULT_CONFIG'),
      ],
    });
    const archive = await openArchive(repository, ref);
    return compareConfigs({
      topic: archive.manifest.topics[0]!,
      target: 'restored',
      kafka: fakeTarget({ batches: [], configs, partitions }),
      unrestorable: [{ name: 'tied', reason: 'it names brokers' }],
      adapted,
      settleMs: 0,
    });
  }

  it('that are as they were pass; what cannot be restored is told as info', async () => {
    const { differences, configs } = await check([entry('retention.ms', '5')]);
    expect(configs).toBe(2);
    expect(differences).toMatchObject([
      { severity: 'info', fields: ['tied'], message: expect.stringContaining('it names brokers') },
    ]);
  });

  it('that the target was given on purpose pass with their reason, and fail with another value', async () => {
    const own = entry('retention.ms', '5');
    const given = await check([own, entry('max.message.bytes', '77')], 1, [pinned]);
    expect(given.differences.map(({ severity }) => severity)).toEqual(['info', 'info']);
    expect(given.differences[0]?.message).toContain('a default of the source');
    const other = await check([own, entry('max.message.bytes', '78')], 1, [pinned]);
    expect(other.differences).toMatchObject([
      { severity: 'error', message: 'config max.message.bytes is 78, it should be 77' },
      { severity: 'info' },
    ]);
  });

  it.each([
    ['changed', [entry('retention.ms', '6')], 1, /retention\.ms is 6, it was 5/],
    ['missing', [], 1, /retention\.ms is unknown to the target, it was 5/],
    [
      'left over',
      [entry('retention.ms', '5'), entry('cleanup.policy', 'delete')],
      1,
      /cleanup\.policy is delete, it was not set/,
    ],
    ['partitions', [entry('retention.ms', '5')], 2, /topic has 2 partitions, it had 1/],
  ])('that are wrong are told: %s', async (_name, configs, partitions, message) => {
    const errors = (await check(configs, partitions)).differences.filter(
      ({ severity }) => severity === 'error',
    );
    expect(errors).toMatchObject([{ message: expect.stringMatching(message) }]);
  });
});
