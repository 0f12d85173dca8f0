import { KopsError, silentLogger } from '@kops/core';
import type { KafkaClient } from '@kops/kafka';
import type { CaptureClient, Frame, PartitionAssignment } from '@kops/transport';
import { describe, expect, it } from 'vitest';
import { batchOf } from '../test/batches.ts';
import { FakeArchiver } from '../test/fake-archiver.ts';
import { FakeLog } from '../test/fake-log.ts';
import { StreamScheduler } from './stream-scheduler.ts';

const assignmentOf = (partition: number, endOffset: bigint): PartitionAssignment => ({
  topic: 'orders',
  partition,
  topicId: 'a'.repeat(32),
  derivedTopicId: false,
  epoch: 1n,
  endOffset,
});

interface Fixture {
  readonly scheduler: StreamScheduler;
  readonly streams: FakeArchiver[];
  readonly failed: [number, string][];
}

function start(kafka: KafkaClient, capacity = 64): Fixture {
  const streams: FakeArchiver[] = [];
  const failed: [number, string][] = [];
  const capture = {
    stream: () => {
      const archiver = new FakeArchiver();
      streams.push(archiver);
      return archiver.client.stream();
    },
  } as Partial<CaptureClient> as CaptureClient;
  const scheduler = new StreamScheduler({
    agentId: 'a',
    capture,
    connect: async () => kafka,
    capacity,
    budgetBytes: 1_000_000,
    limits: { fetchBytes: 10_000, maxWaitMs: 0, idleMs: 10, aboveEndMs: 100, emptyMs: 100 },
    pollMs: 20,
    logger: silentLogger,
    onFailed: ({ partition }, { code }) => failed.push([partition, code]),
  });
  return { scheduler, streams, failed };
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let turn = 0; turn < 3000 && !isTrue(); turn++)
    await new Promise((resolve) => setTimeout(resolve, 1));
  expect(isTrue()).toBe(true);
}

const endsOf = (streams: readonly FakeArchiver[]): Frame[] =>
  streams.flatMap(({ frames }) => frames.filter(({ type }) => type === 'end'));

describe('StreamScheduler', () => {
  it('runs no more streams at a time than it may, and all in the end', async () => {
    const log = new FakeLog([batchOf(0, 5)]);
    const { scheduler, streams } = start(log.kafka, 3);
    scheduler.assign(
      'main',
      Array.from({ length: 20 }, (_, partition) => assignmentOf(partition, 5n)),
    );
    expect(streams.length).toBeLessThanOrEqual(3);
    await until(() => {
      expect(streams.length - endsOf(streams).length).toBeLessThanOrEqual(3);
      return endsOf(streams).length === 20;
    });
    await scheduler.stop();
  });

  it('opens a followed partition again when there is something new, and only then', async () => {
    const log = new FakeLog([batchOf(0, 5)]);
    const { scheduler, streams } = start(log.kafka);
    scheduler.assign('main', [assignmentOf(0, -1n)]);
    await until(() => endsOf(streams).length === 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(streams).toHaveLength(1);
    log.batches.push(batchOf(5, 5));
    log.end = 10n;
    await until(() => streams.length === 2);
    await scheduler.stop();
  });

  it('gives back only the topic that is gone, not all that stand idle', async () => {
    const logs = [new FakeLog([batchOf(0, 5)]), new FakeLog([batchOf(0, 5)])];
    let isGone = false;
    const kafka: Partial<KafkaClient> = {
      fetch: async (request) => {
        if (isGone && request.partition === 1) return { status: 'topic-gone' };
        return logs[request.partition]!.kafka.fetch(request);
      },
      listOffsets: async (partitions) => {
        if (isGone && partitions.some(({ partition }) => partition === 1))
          throw new KopsError('KOPS_TOPIC_NOT_FOUND', 'deleted');
        return partitions.map(({ partition }) => logs[partition]!.end);
      },
    };
    const { scheduler, streams, failed } = start(kafka as KafkaClient);
    scheduler.assign('main', [assignmentOf(0, -1n), assignmentOf(1, -1n)]);
    await until(() => endsOf(streams).length === 2);
    isGone = true;
    await until(() => failed.length > 0);
    logs[0]!.batches.push(batchOf(5, 5));
    logs[0]!.end = 10n;
    const carried = (): boolean =>
      streams.some(({ frames }) =>
        frames.some((frame) => frame.type === 'state' && frame.nextOffset === 10n),
      );
    await until(carried);
    expect(failed).toEqual([[1, 'KOPS_TOPIC_NOT_FOUND']]);
    await scheduler.stop();
  });

  it('ends its streams when they are revoked', async () => {
    const log = new FakeLog([batchOf(0, 5)]);
    log.onFetch = () => ({
      status: 'ok',
      bytes: new Uint8Array(),
      highWatermark: 5n,
      lastStableOffset: 5n,
      logStart: 0n,
      abortedTransactions: [],
    });
    const { scheduler, streams, failed } = start(log.kafka);
    scheduler.assign('main', [{ ...assignmentOf(0, 1000n) }]);
    await until(() => log.fetches > 0);
    scheduler.revoke([assignmentOf(0, 1000n)]);
    await until(() => endsOf(streams).length === 1);
    expect(endsOf(streams)).toEqual([{ type: 'end', reason: 'revoked' }]);
    expect(failed).toEqual([]);
    await scheduler.stop();
  });
});
