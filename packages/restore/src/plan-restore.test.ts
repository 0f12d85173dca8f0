import { wholeCluster } from '@kops/archive-format';
import type {
  GroupManifest,
  Manifest,
  PartitionManifest,
  TopicManifest,
} from '@kops/archive-format';
import { describe, expect, it } from 'vitest';
import { describePlan } from './describe-plan.ts';
import { restorePlanToJson } from './plan-json.ts';
import { planRestore } from './plan-restore.ts';
import type { RestoreOptions, TargetFacts } from './plan.ts';
import { assertExecutable } from './refusals.ts';

function partition(fields: Partial<PartitionManifest> = {}): PartitionManifest {
  return {
    partition: 0,
    lineage: { topicId: '0'.repeat(32), derivedTopicId: false, partition: 0, leaderEpochs: [] },
    logStart: 0n,
    highWatermark: 100n,
    lastStableOffset: 100n,
    cut: 100n,
    list: null,
    baseline: true,
    segments: 1,
    records: 100,
    plaintextBytes: 5000,
    holes: { offsets: 0n },
    losses: [],
    openTransactions: [],
    watermarks: {},
    ...fields,
  };
}

function topic(name: string, fields: Partial<TopicManifest> = {}): TopicManifest {
  return {
    name,
    topicId: '0'.repeat(32),
    derivedTopicId: false,
    internal: name.startsWith('__'),
    partitionCount: 1,
    replicationFactor: 3,
    configs: [],
    partitions: [partition()],
    ...fields,
  };
}

function manifest(topics: TopicManifest[], groups: GroupManifest[] = []): Manifest {
  return {
    version: 1,
    archive: 'archive-1',
    series: 'archive-1',
    kind: 'snapshot',
    generation: 0,
    parent: null,
    cluster: { id: 'source', brokers: [] },
    kopsVersion: '0',
    startedAt: '',
    endedAt: '',
    isolation: 'read_committed',
    copies: ['memory:'],
    topics,
    groups,
    selection: wholeCluster,
    deletedSinceParent: [],
    signature: null,
  };
}

const target: TargetFacts = {
  clusterId: 'target',
  brokers: 3,
  topics: [],
  groups: [],
  knownConfigs: null,
  defaults: null,
};
const dynamic = (name: string, value: string | null) => ({
  name,
  value,
  source: 'DYNAMIC_TOPIC_CONFIG',
});
const inherited = (name: string, value: string) => ({ name, value, source: 'DEFAULT_CONFIG' });
const refusalsOf = (
  topics: TopicManifest[],
  facts: Partial<TargetFacts>,
  options: RestoreOptions = {},
) =>
  planRestore(manifest(topics), { ...target, ...facts }, options).refusals.map(
    ({ message }) => message,
  );

describe('planRestore', () => {
  it('expects exact offsets where the manifest tells of no hole, and says why not elsewhere', () => {
    const partitions = [
      partition(),
      partition({ partition: 1, logStart: 7n }),
      partition({ partition: 2, holes: { offsets: 4n } }),
      partition({
        partition: 3,
        openTransactions: [{ producerId: 1n, producerEpoch: 0, firstOffset: 90n }],
      }),
      partition({ partition: 4, losses: [{ from: 1n, to: 2n, reason: 'retention', detail: '' }] }),
    ];
    const plan = planRestore(manifest([topic('t', { partitionCount: 5, partitions })]), target);
    expect(
      plan.topics[0]?.partitions.map(({ strategy, reasons }) => [strategy, reasons.length]),
    ).toEqual([
      ['exact', 0],
      ['mapped', 1],
      ['mapped', 1],
      ['mapped', 1],
      ['mapped', 1],
    ]);
    expect(plan.refusals).toEqual([]);
    const exact = planRestore(manifest([topic('t', { partitionCount: 5, partitions })]), target, {
      offsets: 'exact',
    });
    expect(exact.refusals.map(({ at }) => at.partition)).toEqual([1, 2, 3, 4]);
    expect(() => {
      assertExecutable(exact);
    }).toThrow(/t-1 cannot be kept exactly: the log starts at offset 7 \(and 3 more reasons\)/);
  });

  it('selects, excludes and renames, and refuses renames that cannot be meant', () => {
    const source = manifest([topic('a'), topic('b.c'), topic('bxc'), topic('__consumer_offsets')]);
    const names = (options: RestoreOptions) =>
      planRestore(source, target, options).topics.map((planned) => planned.target);
    expect(names({})).toEqual(['a', 'b.c', 'bxc']);
    expect(names({ topics: ['b.c', 'a'], renames: { a: 'z' } })).toEqual(['z', 'b.c']);
    expect(names({ exclude: ['b*'] })).toEqual(['a']);
    expect(() => names({ topics: ['none'] })).toThrow(
      expect.objectContaining({ code: 'KOPS_TOPIC_NOT_FOUND' }),
    );
    expect(() => names({ topics: ['a'], renames: { bxc: 'x' } })).toThrow(
      expect.objectContaining({ code: 'KOPS_USAGE' }),
    );
    expect(() => names({ renames: { a: 'bxc' } })).toThrow(
      expect.objectContaining({ code: 'KOPS_USAGE' }),
    );
    expect(() => names({ window: { from: 5n, to: 5n } })).toThrow(
      expect.objectContaining({ code: 'KOPS_USAGE' }),
    );
    expect(
      refusalsOf([topic('__consumer_offsets')], {}, { topics: ['__consumer_offsets'] }),
    ).toEqual(["'__consumer_offsets' is an internal topic of Kafka"]);
  });

  it('refuses topics with records, other partition counts and moved log ends, and lets a resume find its own', () => {
    const existing = (partitions: number, offsetsInUse: bigint, maxLogEnd: bigint) => ({
      topics: [{ name: 't', partitions, offsetsInUse, maxLogEnd }],
    });
    expect(refusalsOf([topic('t')], existing(1, 5n, 5n))).toEqual([
      "topic 't' exists and has records",
    ]);
    expect(refusalsOf([topic('t')], existing(2, 0n, 0n))).toEqual([
      "topic 't' exists with 2 partitions, the archive has 1",
    ]);
    expect(refusalsOf([topic('t')], existing(1, 0n, 9n))).toEqual([
      "topic 't' exists and is empty, but its next offset is 9",
    ]);
    expect(refusalsOf([topic('t')], existing(1, 0n, 0n))).toEqual([]);
    expect(refusalsOf([topic('t')], existing(1, 5n, 5n), { resume: true })).toEqual([]);
    expect(refusalsOf([topic('t')], {}, { replicationFactor: 4 })).toHaveLength(1);
  });

  it('holds back whatever deletes, compacts or refuses while filling, and gives the own configs back', () => {
    const configs = [
      dynamic('cleanup.policy', 'compact'),
      dynamic('min.insync.replicas', '2'),
      dynamic('leader.replication.throttled.replicas', '0:1'),
      dynamic('secret', null),
      inherited('max.message.bytes', '777'),
      inherited('retention.ms', '604800000'),
    ];
    const [planned] = planRestore(manifest([topic('t', { configs })]), {
      ...target,
      brokers: 1,
    }).topics;
    expect(planned?.replicationFactor).toBe(1);
    expect(planned?.fillConfigs).toEqual({
      'retention.ms': '-1',
      'retention.bytes': '-1',
      'cleanup.policy': 'delete',
      'compression.type': 'producer',
      'message.timestamp.type': 'CreateTime',
      'message.timestamp.before.max.ms': '9223372036854775807',
      'message.timestamp.after.max.ms': '9223372036854775807',
      'max.message.bytes': '777',
      'min.insync.replicas': '1',
    });
    expect(planned?.finalConfigs).toMatchObject({
      'cleanup.policy': 'compact',
      // The source's brokers had it by default; what the target has by default is not known.
      'retention.ms': '604800000',
      'min.insync.replicas': '1',
    });
    expect(planned?.adaptedConfigs.map(({ name, value }) => [name, value])).toEqual([
      ['min.insync.replicas', '1'],
      ['max.message.bytes', '777'],
      ['retention.ms', '604800000'],
    ]);
    expect(planned?.unrestorableConfigs.map(({ name }) => name)).toEqual([
      'leader.replication.throttled.replicas',
      'secret',
    ]);
    const [held] = planRestore(manifest([topic('t', { configs })]), target, {
      holdRetention: true,
    }).topics;
    expect(held?.heldConfigs).toEqual({
      'retention.ms': '604800000',
      'retention.bytes': null,
    });
    expect(held?.finalConfigs).toMatchObject({
      'retention.ms': '-1',
      'retention.bytes': '-1',
      'min.insync.replicas': '2',
    });
    const [older] = planRestore(manifest([topic('t')]), {
      ...target,
      knownConfigs: ['retention.ms'],
    }).topics;
    expect(older?.fillConfigs).toHaveProperty('message.timestamp.difference.max.ms');
  });

  it('warns once of what holds for several topics, and first of what can cost records', () => {
    const short = [inherited('retention.ms', '1000')];
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const topics = names.map((name) => topic(name, { configs: short }));
    const facts = { ...target, brokers: 1, defaults: new Map([['retention.ms', '1000']]) };
    const warnings = planRestore(manifest(topics), facts).warnings;
    expect(warnings).toEqual([
      '7 topics (a, b, c, d, e, …): retention.ms=1000 is restored when the topic is filled. Records older than that may then be deleted immediately; use --hold-retention to keep them',
      "7 topics (a, b, c, d, e, …): replication factor 1 instead of the source's 3",
    ]);
  });

  it('never asks for more replicas in sync than the topic gets', () => {
    const planOf = (configs: TopicManifest['configs'], ownDefault: string) =>
      planRestore(manifest([topic('t', { configs })]), {
        ...target,
        brokers: 2,
        defaults: new Map([['min.insync.replicas', ownDefault]]),
      });
    const set = planOf([dynamic('min.insync.replicas', '3')], '1');
    expect(set.topics[0]?.finalConfigs).toMatchObject({ 'min.insync.replicas': '2' });
    expect(set.warnings.join()).toContain(
      'min.insync.replicas=2 is set: it was 3, and the topic gets 2 replicas',
    );
    // Neither by a default of the source nor by one of the target, while the topic is filled and after.
    const byDefault = planOf([inherited('min.insync.replicas', '1')], '3');
    expect(byDefault.topics[0]?.fillConfigs).toMatchObject({ 'min.insync.replicas': '2' });
    expect(byDefault.topics[0]?.finalConfigs).toMatchObject({ 'min.insync.replicas': '1' });
  });

  it('plans group offsets of restored partitions and warns of those that are clamped or busy', () => {
    const at = (name: string, offset: bigint) => ({
      topic: name,
      partition: 0,
      offset,
      leaderEpoch: 3,
      metadata: null,
    });
    const groups = [
      {
        group: 'g1',
        state: 'Empty',
        protocolType: 'consumer',
        offsets: [at('t', 150n), at('other', 1n)],
      },
      { group: 'g2', state: 'Stable', protocolType: 'consumer', offsets: [at('other', 1n)] },
    ];
    const source = manifest([topic('t'), topic('other')], groups);
    const facts = { ...target, groups: [{ group: 'g1', state: 'Stable' }] };
    const plan = planRestore(source, facts, { topics: ['t'], renames: { t: 'u' } });
    expect(plan.groups).toEqual([
      {
        group: 'g1',
        offsets: [{ source: 't', target: 'u', partition: 0, sourceOffset: 150n, metadata: null }],
      },
    ]);
    expect(plan.warnings.filter((text) => text.startsWith('group g1'))).toHaveLength(3);
    expect(planRestore(source, target, { groups: 'none' }).groups).toEqual([]);
    expect(
      planRestore(source, target, { groups: ['*2'] }).groups.map(({ group }) => group),
    ).toEqual(['g2']);
    expect(() => planRestore(source, target, { groups: ['nobody'] })).toThrow(
      expect.objectContaining({ code: 'KOPS_GROUP_NOT_FOUND' }),
    );
  });

  it('has a digest of what is asked for, not of what was found on the target', () => {
    const source = manifest([topic('t')]);
    const digest = (facts: Partial<TargetFacts>, options: RestoreOptions = {}) =>
      planRestore(source, { ...target, ...facts }, options).digest;
    const first = digest({});
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(
      digest(
        {
          brokers: 1,
          knownConfigs: [],
          topics: [{ name: 't', partitions: 1, offsetsInUse: 9n, maxLogEnd: 9n }],
        },
        { resume: true },
      ),
    ).toBe(first);
    const others = [
      digest({ clusterId: 'x' }),
      digest({}, { renames: { t: 'u' } }),
      digest({}, { holdRetention: true }),
      digest({}, { window: { from: 1n } }),
    ];
    expect(new Set([first, ...others]).size).toBe(5);
  });

  it('describes itself and goes through JSON', () => {
    const configs = [
      dynamic('message.timestamp.type', 'LogAppendTime'),
      inherited('retention.ms', '1000'),
    ];
    const plan = planRestore(manifest([topic('t', { configs })]), { ...target, brokers: 1 });
    const text = describePlan(plan).join('\n');
    expect(text).toContain(
      't: create and fill 1 partition, replication factor 1; 100 records in 5,000 bytes; offsets exact in 1, mapped in 0',
    );
    for (const part of ['Warnings:', 'LogAppendTime', 'retention.ms=1000', 'Cannot be restored:'])
      expect(text).toContain(part);
    expect(text).not.toContain('Refused:');
    expect(JSON.parse(JSON.stringify(restorePlanToJson(plan)))).toMatchObject({
      digest: plan.digest,
      topics: [{ partitions: [{ sourceEnd: '100' }] }],
    });
  });
});
