import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  connectKafka,
  type KafkaClient,
  type KafkaOptions,
  type ThrottleNotice,
} from '../src/index.ts';
import type { Writer } from '../src/wire/writer.ts';
import { FakeBroker } from './fake-broker.ts';
import { TcpProxy } from './tcp-proxy.ts';

/** Largest versions of a broker before topic ids: it fetches by name. */
const oldVersions = [
  [1, 11],
  [2, 5],
  [3, 7],
] as const;

const errors = {
  none: 0,
  notLeader: 6,
  fencedLeaderEpoch: 74,
  unknownTopicOrPartition: 3,
  storage: 56,
};

describe('a broker that answers by script', () => {
  let broker: FakeBroker;
  let client: KafkaClient;
  let options: KafkaOptions;

  const metadata = (w: Writer, topicError = 0, leader = 1): Writer =>
    w
      .int32(0)
      .array([broker.port], (port) => w.int32(1).string('127.0.0.1').int32(port).string(null))
      .string('scripted')
      .int32(1)
      .array(['t'], (name) =>
        w
          .int16(topicError)
          .string(name)
          .boolean(false)
          .array(topicError === 0 ? [0] : [], (partition) =>
            w
              .int16(0)
              .int32(partition)
              .int32(leader)
              .int32(4)
              .array([1], () => w.int32(1))
              .array([1], () => w.int32(1))
              .array([], () => undefined),
          ),
      );

  const fetched = (w: Writer, errorCode: number, throttleMs = 0): Writer =>
    w
      .int32(throttleMs)
      .int16(0)
      .int32(0)
      .array(['t'], (name) =>
        w.string(name).array([0], (partition) =>
          w
            .int32(partition)
            .int16(errorCode)
            .int64(10n)
            .int64(10n)
            .int64(0n)
            .array(null, () => undefined)
            .int32(-1)
            .bytesByReference(Buffer.from(errorCode === 0 ? 'batches' : '')),
        ),
      );

  beforeEach(async () => {
    broker = await FakeBroker.listen(oldVersions);
    broker.on(3, (w) => metadata(w));
    broker.on(1, (w) => fetched(w, 0));
    options = {
      bootstrapServers: [`127.0.0.1:${String(broker.port)}`],
      connectTimeoutMs: 500,
      requestTimeoutMs: 500,
      retryDeadlineMs: 4_000,
    };
    client = await connectKafka(options);
  });
  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await broker[Symbol.asyncDispose]();
  });

  const request = {
    topic: 't',
    partition: 0,
    topicId: undefined,
    offset: 0n,
    currentLeaderEpoch: 3,
    maxBytes: 100,
    maxWaitMs: 0,
  };
  const asked = (apiKey: number) => broker.seen.filter((seen) => seen.apiKey === apiKey);

  it('is asked in versions that it has', async () => {
    const result = await client.fetch(request);
    expect(result).toMatchObject({ status: 'ok', highWatermark: 10n });
    expect(asked(1).map(({ version }) => version)).toEqual([11]);
    expect(new Set(asked(3).map(({ version }) => version))).toEqual(new Set([7]));
    expect((await client.topics(['t']))[0]).toMatchObject({ id: undefined });
    await expect(client.listGroups()).rejects.toMatchObject({ code: 'KOPS_KAFKA_PROTOCOL' });
  });

  it.each([errors.notLeader, errors.fencedLeaderEpoch, errors.storage])(
    'is asked again, after new metadata, when it answers error %i',
    async (errorCode) => {
      let left = 3;
      broker.on(1, (w) => fetched(w, left-- > 0 ? errorCode : 0));
      expect(await client.fetch(request)).toMatchObject({ status: 'ok' });
      expect(asked(1)).toHaveLength(4);
      expect(asked(3).length).toBeGreaterThanOrEqual(4);
    },
  );

  it('is given up after the deadline, with Kafka’s name of the last error', async () => {
    broker.on(1, (w) => fetched(w, errors.notLeader));
    const started = performance.now();
    await expect(client.fetch(request)).rejects.toMatchObject({
      code: 'KOPS_KAFKA_UNREACHABLE',
      message: expect.stringContaining('NOT_LEADER_OR_FOLLOWER') as string,
      at: { topic: 't', partition: 0 },
    });
    const spent = performance.now() - started;
    expect(spent).toBeGreaterThan(2_000);
    expect(spent).toBeLessThan(6_000);
    expect(asked(1).length).toBeLessThan(20);
  });

  it('is waited for while a partition has no leader', async () => {
    let left = 2;
    broker.on(3, (w) => metadata(w, 0, left-- > 0 ? -1 : 1));
    expect(await client.fetch(request)).toMatchObject({ status: 'ok' });
    expect(asked(1)).toHaveLength(1);
  });

  it('does not pass bytes of a topic that vanished during a fetch by name', async () => {
    broker.on(1, (w) => {
      broker.on(3, (answer) => metadata(answer, errors.unknownTopicOrPartition));
      return fetched(w, 0);
    });
    const topicId = '0123456789abcdef0123456789abcdef';
    expect(await client.fetch({ ...request, topicId })).toEqual({ status: 'topic-gone' });
  });

  it('is left alone for as long as it asks for', async () => {
    broker.on(1, (w) => fetched(w, 0, asked(1).length === 1 ? 700 : 0));
    await client.fetch(request);
    await client.fetch(request);
    const [first, second] = asked(1);
    expect(second!.at - first!.at).toBeGreaterThan(650);
  });

  /** What a broker answers when a quota holds the fetch back (KIP-219): no partition at all. */
  const throttled = (w: Writer, throttleMs: number): Writer =>
    w
      .int32(throttleMs)
      .int16(0)
      .int32(0)
      .array([], () => undefined);

  it('is asked again for what its quota held back, when its throttle time is over, and says so', async () => {
    const told: ThrottleNotice[] = [];
    await using slow = await connectKafka({ ...options, onThrottled: (one) => told.push(one) });
    broker.on(1, (w) => (asked(1).length <= 2 ? throttled(w, 300) : fetched(w, 0)));
    expect(await slow.fetch(request)).toMatchObject({ status: 'ok', highWatermark: 10n });
    const times = asked(1).map(({ at }) => at);
    expect(times).toHaveLength(3);
    expect(times[2]! - times[0]!).toBeGreaterThan(590);
    const at = `127.0.0.1:${String(broker.port)}`;
    expect(told).toEqual([
      { broker: at, throttleMs: 300 },
      { broker: at, throttleMs: 300 },
    ]);
  });

  it('is not asked over another connection while its quota holds fetches back', async () => {
    broker.on(1, (w) => (asked(1).length === 1 ? throttled(w, 400) : fetched(w, 0)));
    const first = client.fetch(request);
    await expect.poll(() => asked(1).length).toBe(1);
    await Promise.all([first, client.fetch(request), client.fetch(request)]);
    const [before, ...after] = asked(1).map(({ at }) => at);
    expect(after).toHaveLength(3);
    for (const at of after) expect(at - before!).toBeGreaterThan(390);
  });

  it('is given up when its quota lets nothing through, saying what to raise', async () => {
    broker.on(1, (w) => throttled(w, 50));
    await using slow = await connectKafka({ ...options, throttleDeadlineMs: 200 });
    await expect(slow.fetch(request)).rejects.toMatchObject({
      code: 'KOPS_KAFKA_UNREACHABLE',
      message: expect.stringContaining('quota') as string,
      hint: expect.stringContaining('consumer_byte_rate') as string,
    });
  });

  it('that names no partition and no quota either is asked again, not taken for an empty log', async () => {
    broker.on(1, (w) => (asked(1).length === 1 ? throttled(w, 0) : fetched(w, 0)));
    expect(await client.fetch(request)).toMatchObject({ status: 'ok', highWatermark: 10n });
  });

  it('is waited for when it holds back what was sent behind a throttled request', async () => {
    const waiting = 700;
    broker.on(2, (w) => {
      const isFirst = asked(2).length === 1;
      const answer = w
        .int32(isFirst ? waiting : 0)
        .array(['t'], (name) =>
          w.string(name).array([0], (p) => w.int32(p).int16(0).int64(-1n).int64(7n).int32(-1)),
        );
      if (isFirst) return answer;
      broker.answerLater(waiting);
      return answer;
    });
    const place = [{ topic: 't', partition: 0 }];
    await client.topics(['t']);
    const both = [client.listOffsets(place, 'latest'), client.listOffsets(place, 'latest')];
    expect(await Promise.all(both)).toEqual([[7n], [7n]]);
    expect(asked(2)).toHaveLength(2);
  });

  it('is found out when it accepts and never answers: each request once, then the connection anew', async () => {
    await client.fetch(request);
    let left = 2;
    broker.on(1, (w) => (left-- > 0 ? undefined : fetched(w, 0)));
    const started = performance.now();
    expect(await client.fetch(request)).toMatchObject({ status: 'ok' });
    expect(performance.now() - started).toBeGreaterThan(950);
    // One ApiVersions per connection: control, fetch, and one for each that was given up.
    expect(asked(18)).toHaveLength(4);
  });

  it('ends a call at once when it is aborted, wherever it waits', async () => {
    broker.on(1, () => undefined);
    const abort = new AbortController();
    const calls = Array.from({ length: 9 }, () =>
      client.fetch({ ...request, maxWaitMs: 60_000, signal: abort.signal }),
    );
    setTimeout(() => {
      abort.abort();
    }, 100);
    const started = performance.now();
    const outcomes = await Promise.allSettled(calls);
    expect(performance.now() - started).toBeLessThan(400);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'KOPS_INTERRUPTED' } });
    }
    broker.on(1, (w) => fetched(w, 0));
    expect(await client.fetch(request)).toMatchObject({ status: 'ok' });
  });

  it('names what is wrong with an answer that is cut short', async () => {
    broker.on(1, (w) => w.int32(0).int16(0).int32(0).int32(1));
    await expect(client.fetch(request)).rejects.toMatchObject({ code: 'KOPS_KAFKA_PROTOCOL' });
  });

  it('ends what is under way when the client is closed', async () => {
    broker.on(1, () => undefined);
    const waiting = client.fetch({ ...request, maxWaitMs: 60_000 });
    setTimeout(() => void client[Symbol.asyncDispose](), 50);
    await expect(waiting).rejects.toMatchObject({ code: 'KOPS_INTERRUPTED' });
    await expect(client.describeCluster()).rejects.toMatchObject({ code: 'KOPS_INTERRUPTED' });
  });

  it('is reached over another address when the first is a black hole', async () => {
    await using hole = await TcpProxy.listen();
    hole.target = broker.port;
    hole.mode = 'hold';
    const bootstrapServers = [`127.0.0.1:${String(hole.port)}`, ...options.bootstrapServers];
    const started = performance.now();
    await using other = await connectKafka({ ...options, bootstrapServers });
    expect(performance.now() - started).toBeLessThan(1_500);
    expect((await other.describeCluster()).clusterId).toBe('scripted');
  });
});
