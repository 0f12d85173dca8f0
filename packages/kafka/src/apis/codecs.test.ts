import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { kafkaErrorKind } from '../error-codes.ts';
import type { Api } from '../wire/api.ts';
import { Reader } from '../wire/reader.ts';
import { Writer } from '../wire/writer.ts';
import { apiVersionsV0 } from './api-versions-v0.ts';
import { consumerGroupDescribeV0 } from './consumer-group-describe-v0.ts';
import { createTopicsV4 } from './create-topics-v4.ts';
import { deleteGroupsV1 } from './delete-groups-v1.ts';
import { deleteTopicsV3 } from './delete-topics-v3.ts';
import { describeConfigsV2 } from './describe-configs-v2.ts';
import { describeGroupsV4 } from './describe-groups-v4.ts';
import { fetchV11 } from './fetch-v11.ts';
import { fetchV13 } from './fetch-v13.ts';
import { findCoordinatorV2 } from './find-coordinator-v2.ts';
import { incrementalAlterConfigsV0 } from './incremental-alter-configs-v0.ts';
import { initProducerIdV1 } from './init-producer-id-v1.ts';
import { listGroupsV2 } from './list-groups-v2.ts';
import { listGroupsV5 } from './list-groups-v5.ts';
import { listOffsetsV5 } from './list-offsets-v5.ts';
import { metadataV10 } from './metadata-v10.ts';
import { metadataV7 } from './metadata-v7.ts';
import { offsetCommitV7 } from './offset-commit-v7.ts';
import { offsetFetchV5 } from './offset-fetch-v5.ts';
import { offsetForLeaderEpochV3 } from './offset-for-leader-epoch-v3.ts';
import { produceV8 } from './produce-v8.ts';

/** Written by Kafka's own classes; see testdata/README.md. */
const messages = JSON.parse(
  readFileSync(new URL('../../testdata/messages.json', import.meta.url), 'utf8'),
) as Record<string, string> & { errors: [number, string, boolean][] };

const encoded = <Request>(api: Api<Request, unknown>, request: Request): string => {
  const writer = new Writer();
  api.encode(request, writer);
  const bytes = Buffer.concat(writer.chunks());
  expect(writer.length).toBe(bytes.length);
  return bytes.toString('hex');
};

const bytesOf = (name: string): Buffer => Buffer.from(messages[name]!, 'hex');

/** Decodes, and asserts that nothing is left and that every cut of the answer is found out. */
const decoded = (api: Api<never, unknown>, name: string): unknown => {
  const bytes = bytesOf(name);
  const reader = new Reader(bytes);
  const response = api.decode(reader);
  // Unread at the end: tagged fields, authorized operations, the address of a coordinator.
  expect(reader.remaining).toBeLessThanOrEqual(8);
  const lastNeeded = bytes.length - reader.remaining;
  for (let length = 0; length < lastNeeded; length++) {
    expect(
      () => api.decode(new Reader(bytes.subarray(0, length))),
      `${name} cut at ${String(length)}`,
    ).toThrow(expect.objectContaining({ code: 'KOPS_KAFKA_PROTOCOL' }) as Error);
  }
  return response;
};

const topicId = '0123456789abcdef1032547698badcfe';
const fetchRequest = {
  topic: 'orders',
  topicId,
  partition: 3,
  offset: 4_294_967_297n,
  currentLeaderEpoch: 5,
  lastFetchedEpoch: 4,
  maxBytes: 2_097_152,
  maxWaitMs: 500,
  isolationLevel: 0 as const,
};
const offset = { topic: 'orders', partition: 3, offset: 33n, leaderEpoch: -1, metadata: 'note' };

describe('requests are those of Kafka’s own client', () => {
  const cases: [string, string][] = [
    ['fetch-v13', encoded(fetchV13, fetchRequest)],
    ['fetch-v11', encoded(fetchV11, fetchRequest)],
    ['metadata-v10', encoded(metadataV10, { topics: ['größe'] })],
    ['metadata-v7', encoded(metadataV7, { topics: ['größe'] })],
    [
      'produce-v8',
      encoded(produceV8, {
        transactionalId: 'tx',
        timeoutMs: 10_000,
        topics: [{ topic: 'orders', batches: [{ partition: 3, batch: Buffer.from('one batch') }] }],
      }),
    ],
    [
      'init-producer-id-v1',
      encoded(initProducerIdV1, { transactionalId: null, transactionTimeoutMs: 600_000 }),
    ],
    [
      'list-offsets-v5',
      encoded(listOffsetsV5, {
        isolationLevel: 1,
        topics: [{ topic: 'orders', partitions: [{ partition: 3, timestamp: -2n }] }],
      }),
    ],
    [
      'offset-for-leader-epoch-v3',
      encoded(offsetForLeaderEpochV3, {
        topic: 'orders',
        partition: 3,
        currentLeaderEpoch: 9,
        leaderEpoch: 8,
      }),
    ],
    ['describe-configs-v2', encoded(describeConfigsV2, { topics: ['orders'] })],
    [
      'incremental-alter-configs-v0',
      encoded(incrementalAlterConfigsV0, {
        topic: 'orders',
        configs: [
          ['a', '1'],
          ['b', null],
        ],
      }),
    ],
    [
      'create-topics-v4',
      encoded(createTopicsV4, {
        topics: [
          {
            name: 'orders',
            partitions: 4,
            replicationFactor: 2,
            configs: { 'retention.ms': '-1' },
          },
          {
            name: 'assigned',
            partitions: 1,
            replicationFactor: 2,
            assignments: [[3, 1]],
            configs: {},
          },
        ],
        timeoutMs: 10_000,
      }),
    ],
    ['delete-topics-v3', encoded(deleteTopicsV3, { topics: ['orders'], timeoutMs: 10_000 })],
    ['find-coordinator-v2', encoded(findCoordinatorV2, { key: 'tx', type: 'transaction' })],
    ['list-groups-v5', encoded(listGroupsV5, undefined)],
    ['describe-groups-v4', encoded(describeGroupsV4, { groups: ['g'] })],
    ['consumer-group-describe-v0', encoded(consumerGroupDescribeV0, { groups: ['g'] })],
    ['offset-fetch-v5', encoded(offsetFetchV5, { group: 'g' })],
    ['offset-commit-v7', encoded(offsetCommitV7, { group: 'g', offsets: [offset] })],
    ['delete-groups-v1', encoded(deleteGroupsV1, { groups: ['g'] })],
  ];

  it.each(cases)('%s', (name, bytes) => {
    expect(bytes).toBe(messages[`${name}.request`]);
  });

  it('ask for all topics by null', () => {
    expect(encoded(metadataV10, { topics: null })).toBe(messages['metadata-v10.all']);
    expect(encoded(metadataV7, { topics: null })).toBe(messages['metadata-v7.all']);
  });
});

describe('responses of Kafka’s own broker classes are understood', () => {
  const fetched = {
    isAnswered: true,
    throttleMs: 12,
    errorCode: 0,
    highWatermark: 4_294_967_400n,
    lastStableOffset: 4_294_967_399n,
    logStart: 7n,
    aborted: [{ producerId: 9n, firstOffset: 10n }],
  };

  it.each([
    ['fetch-v13', fetchV13],
    ['fetch-v11', fetchV11],
  ] as const)('%s, the records as a view into the answer', (name, api) => {
    const bytes = bytesOf(`${name}.response`);
    const { records, ...rest } = api.decode(new Reader(bytes));
    expect(rest).toEqual(fetched);
    expect(Buffer.from(records).toString()).toBe('raw batches');
    expect(records.buffer).toBe(bytes.buffer);
    decoded(api, `${name}.response`);
  });

  it('fetch-v13 with a log that parted from the one fetched before', () => {
    expect(decoded(fetchV13, 'fetch-v13.diverging')).toMatchObject({
      diverging: { epoch: 2, endOffset: 99n },
    });
  });

  it.each([
    ['metadata-v10', metadataV10, topicId],
    ['metadata-v7', metadataV7, '0'.repeat(32)],
  ] as const)('%s', (name, api, id) => {
    expect(decoded(api, `${name}.response`)).toEqual({
      throttleMs: 3,
      brokers: [
        { id: 2, host: 'b2', port: 9092, rack: 'r' },
        { id: 3, host: 'b3', port: 9093, rack: null },
      ],
      clusterId: 'cluster',
      controllerId: 2,
      topics: [
        {
          errorCode: 0,
          name: 'größe',
          topicId: id,
          isInternal: true,
          partitions: [
            { errorCode: 9, partition: 1, leader: 2, leaderEpoch: 8, replicas: [2, 3], isr: [2] },
          ],
        },
      ],
    });
  });

  const group = { errorCode: 0, group: 'g', state: 'Stable', protocolType: 'consumer', members: 1 };
  const cases: [string, Api<never, unknown>, unknown][] = [
    [
      'api-versions-v0',
      apiVersionsV0,
      { errorCode: 0, versions: new Map([[1, { min: 4, max: 17 }]]) },
    ],
    [
      'produce-v8',
      produceV8,
      {
        partitions: [
          {
            topic: 'orders',
            partition: 3,
            errorCode: 87,
            baseOffset: 11n,
            logAppendTime: 12n,
            logStart: 13n,
            message: 'first record',
          },
        ],
        throttleMs: 5,
      },
    ],
    [
      'init-producer-id-v1',
      initProducerIdV1,
      { throttleMs: 1, errorCode: 0, producerId: 1_000_000_000_000n, producerEpoch: 6 },
    ],
    [
      'list-offsets-v5',
      listOffsetsV5,
      {
        throttleMs: 2,
        topics: [{ topic: 'orders', partitions: [{ partition: 3, errorCode: 0, offset: 77n }] }],
      },
    ],
    [
      'offset-for-leader-epoch-v3',
      offsetForLeaderEpochV3,
      { throttleMs: 2, errorCode: 0, leaderEpoch: 7, endOffset: 70n },
    ],
    [
      'describe-configs-v2',
      describeConfigsV2,
      {
        throttleMs: 2,
        results: [
          {
            errorCode: 0,
            message: null,
            topic: 'orders',
            entries: [
              { name: 'retention.ms', value: '5', isReadOnly: true, source: 1, isSensitive: false },
            ],
          },
        ],
      },
    ],
    [
      'incremental-alter-configs-v0',
      incrementalAlterConfigsV0,
      { throttleMs: 2, errorCode: 40, message: 'no' },
    ],
    [
      'create-topics-v4',
      createTopicsV4,
      { throttleMs: 2, topics: [{ topic: 'orders', errorCode: 36, message: 'there' }] },
    ],
    [
      'delete-topics-v3',
      deleteTopicsV3,
      { throttleMs: 2, topics: [{ topic: 'orders', errorCode: 73 }] },
    ],
    [
      'find-coordinator-v2',
      findCoordinatorV2,
      { throttleMs: 2, errorCode: 0, message: 'NONE', brokerId: 4 },
    ],
    [
      'list-groups-v2',
      listGroupsV2,
      { throttleMs: 2, errorCode: 14, groups: [{ group: 'g', protocolType: 'consumer' }] },
    ],
    [
      'list-groups-v5',
      listGroupsV5,
      {
        throttleMs: 2,
        errorCode: 0,
        groups: [{ group: 'g', protocolType: 'consumer', state: 'Stable', type: 'consumer' }],
      },
    ],
    ['describe-groups-v4', describeGroupsV4, { throttleMs: 2, groups: [group] }],
    ['consumer-group-describe-v0', consumerGroupDescribeV0, { throttleMs: 2, groups: [group] }],
    [
      'offset-fetch-v5',
      offsetFetchV5,
      {
        throttleMs: 2,
        errorCode: 0,
        topics: [
          {
            topic: 'orders',
            partitions: [
              { partition: 3, offset: 33n, leaderEpoch: 2, metadata: 'note', errorCode: 0 },
            ],
          },
        ],
      },
    ],
    [
      'offset-commit-v7',
      offsetCommitV7,
      {
        throttleMs: 2,
        topics: [{ topic: 'orders', partitions: [{ partition: 3, errorCode: 25 }] }],
      },
    ],
    [
      'delete-groups-v1',
      deleteGroupsV1,
      { throttleMs: 2, results: [{ group: 'g', errorCode: 68 }] },
    ],
  ];
  it.each(cases)('%s', (name, api, expected) => {
    expect(decoded(api, `${name}.response`)).toEqual(expected);
  });
});

describe('error codes', () => {
  it('are those of Kafka’s own table, in name and in being temporary', () => {
    expect(messages.errors.length).toBeGreaterThan(130);
    expect(messages.errors.map(([code]) => kafkaErrorKind(code))).toEqual(
      messages.errors.map(([code, name, retriable]) => ({ code, name, retriable })),
    );
  });

  it('newer than the table are named by their number', () => {
    expect(kafkaErrorKind(9_999)).toEqual({
      code: 9_999,
      name: 'error code 9999',
      retriable: false,
    });
  });
});
