import { setTimeout as sleep } from 'node:timers/promises';
import type { KopsError } from '@kops/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KafkaClient, ProduceLane } from '../src/index.ts';
import { batchOf } from './batches.ts';
import { proxiedKafka } from './proxied-kafka.ts';
import type { TcpProxy } from './tcp-proxy.ts';

/** A lane and what its listener heard. */
interface Heard {
  readonly lane: ProduceLane;
  readonly bases: bigint[];
  readonly failures: KopsError[];
  /** Resolves when so many batches were appended, or the lane failed. */
  until(count: number): Promise<void>;
}

const partitions = 4;

describe('lanes to a broker', () => {
  const kafka = proxiedKafka({ beforeAll, afterAll });
  let proxy: TcpProxy;
  let client: KafkaClient;
  let created = 0;
  let topic = '';

  beforeEach(async () => {
    ({ proxy, client } = kafka());
    proxy.mode = 'forward';
    topic = `lanes-${String(created++)}`;
    const configs = { 'retention.ms': '-1', 'max.message.bytes': '10000' };
    await client.createTopics([{ name: topic, partitions, replicationFactor: 1, configs }]);
    // A lane does not wait for a leader that does not know yet that it is one.
    const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
    await client.listOffsets(all, 'latest');
  });

  const openLane = async (partition: number, maxUnderWay: number): Promise<Heard> => {
    const bases: bigint[] = [];
    const failures: KopsError[] = [];
    const listener = {
      onAppended: ({ baseOffset }: { readonly baseOffset: bigint }): void => {
        bases.push(baseOffset);
      },
      onFailed: (error: KopsError): void => {
        failures.push(error);
      },
    };
    const lane = await client.openProduceLane({ topic, partition, maxUnderWay, listener });
    const until = async (count: number): Promise<void> => {
      while (bases.length < count && failures.length === 0) await sleep(5);
    };
    return { lane, bases, failures, until };
  };

  const valuesOf = (partition: number): Promise<string[]> => kafka().valuesOf(topic, partition);

  const names = (count: number): string[] =>
    Array.from({ length: count }, (_, index) => `v${String(index)}`);
  const numbers = (count: number): bigint[] =>
    Array.from({ length: count }, (_, index) => BigInt(index));

  it('append the batches of many partitions, of each in its order', async () => {
    const producer = await client.initProducerId();
    const lanes = await Promise.all(numbers(partitions).map((_, index) => openLane(index, 5)));
    for (const [baseSequence, name] of names(300).entries()) {
      for (const { lane } of lanes) lane.push(batchOf([name], { ...producer, baseSequence }));
    }
    for (const { until, bases, failures, lane } of lanes) {
      lane.end();
      await until(300);
      expect(failures).toEqual([]);
      expect(bases).toEqual(numbers(300));
    }
    for (const partition of lanes.keys()) expect(await valuesOf(partition)).toEqual(names(300));
  });

  it('tell a refusal once the others under way have settled, and send nothing after it', async () => {
    const producer = await client.initProducerId();
    const { lane, bases, failures, until } = await openLane(0, 5);
    const other = await openLane(1, 5);
    for (const baseSequence of names(40).keys()) {
      // The 20th is larger than the topic allows.
      const value = baseSequence === 20 ? 'x'.repeat(20_000) : `v${String(baseSequence)}`;
      lane.push(batchOf([value], { ...producer, baseSequence }));
      other.lane.push(batchOf([`v${String(baseSequence)}`], { ...producer, baseSequence }));
    }
    await until(40);
    await other.until(40);
    expect(bases).toEqual(numbers(20));
    expect(failures).toMatchObject([{ code: 'KOPS_KAFKA_PROTOCOL', at: { topic, partition: 0 } }]);
    expect(failures[0]?.message).toContain('MESSAGE_TOO_LARGE');
    expect(await valuesOf(0)).toEqual(names(20));
    expect(other.bases).toEqual(numbers(40));
    // The next epoch begins anew, and ends the one before.
    const next = { ...producer, producerEpoch: producer.producerEpoch + 1 };
    const again = await openLane(0, 5);
    again.lane.push(batchOf(['v20'], { ...next, baseSequence: 0 }));
    await again.until(1);
    expect(again.bases).toEqual([20n]);
    const late = await openLane(0, 5);
    late.lane.push(batchOf(['late'], { ...producer, baseSequence: 20 }));
    await late.until(1);
    expect(late.failures[0]?.message).toContain('INVALID_PRODUCER_EPOCH');
    expect(await valuesOf(0)).toEqual(names(21));
  });

  it('have a gap behind a refused batch when batches have no producer id: such must wait for each other', async () => {
    const { lane, failures, until } = await openLane(0, 5);
    lane.push(batchOf(['v0']));
    await until(1);
    for (const value of ['x'.repeat(20_000), 'v2', 'v3']) lane.push(batchOf([value]));
    while (failures.length === 0) await sleep(5);
    expect(await valuesOf(0)).toEqual(['v0', 'v2', 'v3']);
    const careful = await openLane(1, 1);
    for (const value of ['v0', 'x'.repeat(20_000), 'v2']) careful.lane.push(batchOf([value]));
    while (careful.failures.length === 0) await sleep(5);
    expect(await valuesOf(1)).toEqual(['v0']);
  });

  it('fail when answers are lost, having sent a prefix once', async () => {
    const producer = await client.initProducerId();
    const lanes = await Promise.all([openLane(0, 5), openLane(1, 5)]);
    for (const { lane, until } of lanes) {
      lane.push(batchOf(['v0'], { ...producer, baseSequence: 0 }));
      await until(1);
    }
    proxy.mode = 'cut';
    for (const { lane } of lanes) {
      for (const name of names(100).slice(1)) {
        lane.push(batchOf([name], { ...producer, baseSequence: Number(name.slice(1)) }));
      }
    }
    for (const { until, failures, bases } of lanes) {
      await until(100);
      expect(failures).toMatchObject([{ code: 'KOPS_KAFKA_UNREACHABLE' }]);
      expect(bases).toEqual([0n]);
    }
    proxy.mode = 'forward';
    await sleep(300);
    for (const partition of lanes.keys()) {
      const values = await valuesOf(partition);
      // What was under way may be there; the rest was never sent.
      expect(values.length).toBeGreaterThan(1);
      expect(values.length).toBeLessThanOrEqual(6);
      expect(values).toEqual(names(values.length));
    }
    const again = await openLane(0, 5);
    const next = { ...producer, producerEpoch: producer.producerEpoch + 1 };
    again.lane.push(batchOf(['again'], { ...next, baseSequence: 0 }));
    await again.until(1);
    expect(again.failures).toEqual([]);
  });

  it('fail within the request timeout when the broker is silent', async () => {
    const { lane, failures } = await openLane(0, 1);
    proxy.mode = 'hold';
    const started = performance.now();
    lane.push(batchOf(['v0']));
    while (failures.length === 0) await sleep(20);
    expect(failures).toMatchObject([{ code: 'KOPS_KAFKA_UNREACHABLE' }]);
    expect(performance.now() - started).toBeLessThan(4_000);
    proxy.cutAll();
  });

  it('hear nothing any more once they are closed', async () => {
    const { lane, bases, failures, until } = await openLane(0, 1);
    lane.push(batchOf(['v0']));
    await until(1);
    lane.push(batchOf(['v1']));
    lane.close();
    lane.push(batchOf(['v2']));
    await sleep(300);
    expect(bases).toEqual([0n]);
    expect(failures).toEqual([]);
    expect((await valuesOf(0)).slice(0, 1)).toEqual(['v0']);
  });
});
