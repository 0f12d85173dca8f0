import { KopsError } from '@kops/core';
import type {
  CommittedOffset,
  GroupDescription,
  NewTopic,
  ProducerIdentity,
  ProduceLane,
  ProduceLaneOptions,
  TopicConfigEntry,
  ValidatedTopic,
} from '@kops/kafka';
import {
  decodeRecords,
  RecordBatchView,
  validateBatch,
  type KafkaRecord,
} from '@kops/record-batch';
import type { RestoreTarget } from '../src/index.ts';
import { FakeLane } from './fake-lane.ts';

interface FakeTopic {
  readonly id: string;
  readonly configs: Map<string, string>;
  readonly logs: Uint8Array[][];
}

const entry = (name: string, value: string, source: string): TopicConfigEntry => ({
  name,
  value,
  source,
  isSensitive: false,
  isReadOnly: false,
});

/** What a call may be told to do instead of its work, or after it. */
export type Interference =
  'fail-before' | 'fail-after' | 'answer-lost' | 'refused' | 'forgets-producers' | undefined;

/** What a broker knows of the last batch of a producer in a partition. */
interface ProducerState extends ProducerIdentity {
  readonly nextSequence: number;
}

/**
 * A broker of as many rules as a restore depends on: plain contiguous batches within the
 * size limit and in the sequence of their producer, base offsets by the log's end. `interfere` sees every call that changes something.
 */
export class FakeKafka implements RestoreTarget {
  readonly topicsByName = new Map<string, FakeTopic>();
  readonly committed = new Map<string, readonly CommittedOffset[]>();
  readonly groups: GroupDescription[] = [];
  readonly calls: string[] = [];
  readonly refusedConfigs = new Set<string>();
  readonly defaults = new Map<string, string>();
  /** Why a topic must not be created. */
  policy: (topic: NewTopic) => string | undefined = () => undefined;
  interfere: (call: string) => Interference = () => undefined;
  /** Without the right to a producer id. */
  deniesProducerIds = false;
  /** Most batches of one partition that were under way at a time. */
  mostUnderWay = 0;
  #topicIds = 0;
  #producerIds = 0n;
  readonly #producers = new Map<string, ProducerState>();

  describeCluster() {
    return Promise.resolve({
      clusterId: 'target',
      controllerId: 1,
      brokers: [{ id: 1, host: 'h', port: 1, rack: null }],
    });
  }

  topics(names?: readonly string[]) {
    const all = [...this.topicsByName].filter(
      ([name]) => names === undefined || names.includes(name),
    );
    return Promise.resolve(
      all.map(([name, { id, logs }]) => ({
        name,
        id,
        isInternal: false,
        partitions: logs.map((_, partition) => ({
          partition,
          leader: 1,
          leaderEpoch: 0,
          replicas: [1],
          isr: [1],
        })),
      })),
    );
  }

  topicConfigs(names: readonly string[]) {
    const entries = names.map((name) => {
      const configs = [...this.#topic(name).configs].map(([config, value]) => ({
        name: config,
        value,
        source: 'DYNAMIC_TOPIC_CONFIG',
        isSensitive: false,
        isReadOnly: false,
      }));
      return [name, configs] as const;
    });
    return Promise.resolve(new Map(entries));
  }

  listOffsets(partitions: readonly { topic: string; partition: number }[], spec: unknown) {
    return Promise.resolve(
      partitions.map(({ topic, partition }) =>
        spec === 'earliest' || spec === 'earliestLocal' ? 0n : this.#end(topic, partition),
      ),
    );
  }

  fetch({ topic, partition, offset }: Parameters<RestoreTarget['fetch']>[0]) {
    const log = this.#log(topic, partition);
    const found = log.find((bytes) => new RecordBatchView(bytes).nextOffset > offset);
    const end = this.#end(topic, partition);
    return Promise.resolve({
      status: 'ok' as const,
      bytes: found ?? new Uint8Array(),
      highWatermark: end,
      lastStableOffset: end,
      logStart: 0n,
      abortedTransactions: [],
    });
  }

  offsetForLeaderEpoch({ topic, partition }: { topic: string; partition: number }) {
    return Promise.resolve({ leaderEpoch: 0, endOffset: this.#end(topic, partition) });
  }

  initProducerId(): Promise<ProducerIdentity> {
    if (this.deniesProducerIds)
      return Promise.reject(new KopsError('KOPS_ACCESS_DENIED', 'no right IDEMPOTENT_WRITE'));
    return Promise.resolve({ producerId: this.#producerIds++, producerEpoch: 0 });
  }

  openProduceLane(options: ProduceLaneOptions): Promise<ProduceLane> {
    const { topic, partition } = options;
    const lane = new FakeLane(options, (batch, underWay) => {
      this.mostUnderWay = Math.max(this.mostUnderWay, underWay);
      return this.#call(`produce ${topic}-${String(partition)}`, () =>
        this.#append(topic, partition, batch),
      );
    });
    return Promise.resolve(lane);
  }

  validateTopics(topics: readonly NewTopic[]): Promise<ReadonlyMap<string, ValidatedTopic>> {
    return Promise.resolve(
      new Map(
        topics.map((topic) => {
          const reason = this.policy(topic);
          const error = reason === undefined ? null : new KopsError('KOPS_REFUSED', reason);
          const own = Object.entries(topic.configs).map(([name, value]) =>
            entry(name, value, 'DYNAMIC_TOPIC_CONFIG'),
          );
          const others = [...this.defaults].filter(([name]) => !Object.hasOwn(topic.configs, name));
          const inherited = others.map(([name, value]) => entry(name, value, 'DEFAULT_CONFIG'));
          return [topic.name, { name: topic.name, error, configs: [...own, ...inherited] }];
        }),
      ),
    );
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    for (const { name, partitions, configs } of topics) {
      await this.#call(`create ${name}`, () => {
        if (this.topicsByName.has(name))
          throw new KopsError('KOPS_REFUSED', `topic ${name} exists`);
        this.#checkConfigs(configs);
        const id = String(++this.#topicIds).padStart(32, '0');
        this.topicsByName.set(name, {
          id,
          configs: new Map(Object.entries(configs)),
          logs: Array.from({ length: partitions }, () => []),
        });
      });
    }
  }

  async alterTopicConfigs(
    topic: string,
    configs: Readonly<Record<string, string | null>>,
    { validateOnly = false }: { readonly validateOnly?: boolean } = {},
  ): Promise<void> {
    if (validateOnly) return;
    await this.#call(`alter ${topic}`, () => {
      this.#checkConfigs(configs);
      const { configs: current } = this.#topic(topic);
      for (const [name, value] of Object.entries(configs)) {
        if (value === null) current.delete(name);
        else current.set(name, value);
      }
    });
  }

  listGroups() {
    return Promise.resolve(this.groups);
  }

  async commitOffsets(group: string, offsets: readonly CommittedOffset[]): Promise<void> {
    await this.#call(`commit ${group}`, () => {
      const state = this.groups.find((candidate) => candidate.group === group)?.state;
      if (state === 'Stable')
        throw new KopsError('KOPS_REFUSED', `group '${group}' has active members`);
      this.committed.set(group, offsets);
    });
  }

  /** All records of a partition, by offset. */
  records(topic: string, partition: number): KafkaRecord[] {
    return this.batches(topic, partition).flatMap((view) => decodeRecords(view));
  }

  batches(topic: string, partition: number): RecordBatchView[] {
    return this.#log(topic, partition).map((bytes) => new RecordBatchView(bytes));
  }

  #append(topic: string, partition: number, bytes: Uint8Array): bigint {
    const view = new RecordBatchView(Uint8Array.from(bytes));
    validateBatch(view);
    if (
      view.recordCount !== view.lastOffsetDelta + 1 ||
      view.baseOffset !== 0n ||
      view.isTransactional ||
      view.isControl
    ) {
      throw new KopsError('KOPS_KAFKA_PROTOCOL', 'INVALID_RECORD');
    }
    const limit = Number(this.#topic(topic).configs.get('max.message.bytes') ?? 1_048_588);
    if (view.sizeInBytes > limit) throw new KopsError('KOPS_KAFKA_PROTOCOL', 'MESSAGE_TOO_LARGE');
    this.#checkSequence(`${topic}-${String(partition)}`, view);
    const baseOffset = this.#end(topic, partition);
    // As the broker does: base offset and leader epoch are outside of the CRC.
    new DataView(view.bytes.buffer).setBigInt64(0, baseOffset);
    this.#log(topic, partition).push(view.bytes);
    return baseOffset;
  }

  /** As brokers do: the next sequence of the epoch, 0 first in a later one, any of a producer that they do not know. */
  #checkSequence(key: string, view: RecordBatchView): void {
    const { producerId, producerEpoch, baseSequence, recordCount } = view;
    if (producerId === -1n) return;
    const known = this.#producers.get(`${key} ${String(producerId)}`);
    if (known !== undefined) {
      if (producerEpoch < known.producerEpoch)
        throw new KopsError('KOPS_KAFKA_PROTOCOL', 'INVALID_PRODUCER_EPOCH');
      const expected = producerEpoch > known.producerEpoch ? 0 : known.nextSequence;
      if (baseSequence !== expected)
        throw new KopsError('KOPS_KAFKA_PROTOCOL', 'OUT_OF_ORDER_SEQUENCE_NUMBER');
    }
    const nextSequence = baseSequence + recordCount;
    this.#producers.set(`${key} ${String(producerId)}`, {
      producerId,
      producerEpoch,
      nextSequence,
    });
  }

  async #call<T>(call: string, work: () => T): Promise<T> {
    this.calls.push(call);
    const interference = this.interfere(call);
    await new Promise((resolve) => setImmediate(resolve));
    if (interference === 'fail-before')
      throw new KopsError('KOPS_KAFKA_UNREACHABLE', 'told to fail');
    if (interference === 'refused') throw new KopsError('KOPS_KAFKA_PROTOCOL', 'told to refuse');
    if (interference === 'forgets-producers') this.#producers.clear();
    const result = work();
    if (interference === 'answer-lost')
      throw new KopsError('KOPS_KAFKA_PROTOCOL', 'told to lose the answer');
    if (interference === 'fail-after')
      throw new KopsError('KOPS_KAFKA_UNREACHABLE', 'told to lose the answer');
    return result;
  }

  #checkConfigs(configs: Readonly<Record<string, string | null>>): void {
    const bad = Object.keys(configs).find((name) => this.refusedConfigs.has(name));
    if (bad !== undefined) throw new KopsError('KOPS_CONFIG', `unknown config ${bad}`);
  }

  #topic(name: string): FakeTopic {
    const topic = this.topicsByName.get(name);
    if (topic === undefined) throw new KopsError('KOPS_TOPIC_NOT_FOUND', `no topic ${name}`);
    return topic;
  }

  #log(topic: string, partition: number): Uint8Array[] {
    const log = this.#topic(topic).logs[partition];
    if (log === undefined)
      throw new KopsError('KOPS_TOPIC_NOT_FOUND', `no partition ${String(partition)}`);
    return log;
  }

  #end(topic: string, partition: number): bigint {
    const last = this.#log(topic, partition).at(-1);
    return last === undefined ? 0n : new RecordBatchView(last).nextOffset;
  }
}
