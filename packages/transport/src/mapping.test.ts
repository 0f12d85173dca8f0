import { KopsError, errorTable, type Coordinates, type ErrorCode } from '@kops/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnreadableMessage, type Codec } from './codec.ts';
import { captureMethods, operatorMethods } from './methods.ts';
import type {
  Ack,
  AgentEvent,
  Assignment,
  BackupEvent,
  BackupProgress,
  BackupSummary,
  Frame,
  StartBackup,
  StartedBackup,
  WatermarkQuery,
} from './index.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const uint32 = fc.nat({ max: 2 ** 32 - 1 });
const count = fc.maxSafeNat();
const offset = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const bytes = fc.uint8Array({ maxLength: 300 });
const topicId = fc
  .array(fc.constantFrom(...'0123456789abcdef'), { minLength: 32, maxLength: 32 })
  .map((digits) => digits.join(''));
const topicPartition = { topic: text, partition: int32 };

const coordinates: fc.Arbitrary<Coordinates> = fc.record(
  { topic: text, archive: text, segment: text, object: text, partition: int32, offset },
  { requiredKeys: [] },
);
const error = fc
  .record({
    code: fc.constantFrom(...(Object.keys(errorTable) as ErrorCode[])),
    message: text,
    at: coordinates,
    hint: fc.option(
      text.filter((hint) => hint !== ''),
      { nil: undefined },
    ),
  })
  .map(
    ({ code, message, at, hint }) =>
      new KopsError(code, message, { at, ...(hint === undefined ? {} : { hint }) }),
  );

const agentEvent: fc.Arbitrary<AgentEvent> = fc.oneof(
  fc.record({
    type: fc.constant('hello' as const),
    agentId: text,
    host: text,
    rack: text,
    brokerIds: fc.array(int32, { maxLength: 5 }),
    capacity: uint32,
    version: text,
  }),
  fc.record({
    type: fc.constant('heartbeat' as const),
    throttled: fc.option(
      fc.record({ broker: text.filter((broker) => broker !== ''), throttleMs: uint32 }),
    ),
  }),
  fc.record({ type: fc.constant('failed' as const), epoch: uint64, error, ...topicPartition }),
);

const assignment: fc.Arbitrary<Assignment> = fc.oneof(
  fc.record({
    type: fc.constant('welcome' as const),
    heartbeatIntervalMs: uint32,
    deadAfterMs: uint32,
  }),
  fc.record({
    type: fc.constant('assign' as const),
    cluster: text,
    partitions: fc.array(
      fc.record({
        ...topicPartition,
        topicId,
        derivedTopicId: fc.boolean(),
        epoch: uint64,
        endOffset: offset,
      }),
      { maxLength: 4 },
    ),
  }),
  fc.record({
    type: fc.constant('revoke' as const),
    partitions: fc.array(fc.record({ ...topicPartition, epoch: uint64 }), { maxLength: 4 }),
  }),
);

const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    type: fc.constant('open' as const),
    agentId: text,
    epoch: uint64,
    cluster: text,
    topicId,
    leaderEpoch: int32,
    logStart: offset,
    ...topicPartition,
  }),
  fc.record({ type: fc.constant('data' as const), bytes }),
  fc.record({
    type: fc.constant('state' as const),
    highWatermark: offset,
    lastStableOffset: offset,
    logStart: offset,
    sha256: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    nextOffset: offset,
  }),
  fc.record({
    type: fc.constant('loss' as const),
    from: offset,
    to: offset,
    reason: fc.constantFrom('retention' as const, 'truncation' as const),
    detail: text,
  }),
  fc.record({
    type: fc.constant('end' as const),
    reason: fc.constantFrom('reached' as const, 'idle' as const, 'revoked' as const),
  }),
);

const ack: fc.Arbitrary<Ack> = fc.oneof(
  fc.record({
    type: fc.constant('opened' as const),
    resumeOffset: offset,
    lastEpoch: int32,
    credit: count,
    stateEveryBytes: count,
    baseline: fc.boolean(),
  }),
  fc.record({ type: fc.constant('credit' as const), bytes: count }),
  fc.record({ type: fc.constant('durable' as const), offset }),
  fc.record({ type: fc.constant('fence' as const), reason: text }),
);

const startBackup: fc.Arbitrary<StartBackup> = fc.record({
  cluster: text,
  repositories: fc.array(text, { maxLength: 3 }),
  topics: fc.array(text, { maxLength: 3 }),
  exclude: fc.array(text, { maxLength: 3 }),
  ack: fc.constantFrom('sync', 'async'),
  isolation: fc.constantFrom('read_committed', 'read_uncommitted'),
  follow: fc.boolean(),
  generationIntervalMs: count,
  outageLimitMs: fc.option(count),
  dryRun: fc.boolean(),
  allowEmpty: fc.boolean(),
  strict: fc.boolean(),
  expectPurge: fc.array(text),
});

const archiveId = fc.option(text.filter((id) => id !== ''));

const startedBackup: fc.Arbitrary<StartedBackup> = fc.record({
  backupId: text,
  clusterId: text,
  parent: archiveId,
  partitions: fc.array(
    fc.record({
      ...topicPartition,
      logStart: offset,
      resumeOffset: offset,
      cut: offset,
      mode: fc.constantFrom('baseline' as const, 'extend' as const),
      reason: text,
    }),
    { maxLength: 4 },
  ),
  groups: uint32,
  deletedTopics: fc.array(fc.record({ topic: text, topicId: text, archive: text }), {
    maxLength: 3,
  }),
});

const progressFields = {
  partitions: uint32,
  partitionsDone: uint32,
  offsets: offset,
  offsetsDone: offset,
  bytes: uint64,
  agents: uint32,
  losses: uint32,
};
const progress: fc.Arbitrary<BackupProgress> = fc.record(progressFields);

const backupEvent: fc.Arbitrary<BackupEvent> = fc.oneof(
  fc.record({ type: fc.constant('progress' as const), ...progressFields }),
  fc.record({
    type: fc.constant('committed' as const),
    archive: text,
    sequence: count,
    generation: uint32,
    topics: uint32,
    partitions: uint32,
    groups: uint32,
    records: uint64,
    bytes: uint64,
    newBytes: uint64,
    newSegments: uint32,
    losses: uint32,
    copies: fc.array(text, { maxLength: 3 }),
  }),
  fc.constant({ type: 'finished' as const }),
  fc.record({ type: fc.constant('failed' as const), error }),
  fc.record({
    type: fc.constant('notice' as const),
    kind: fc.constantFrom('topic-added' as const, 'loss' as const, 'other' as const),
    text,
  }),
);

const backupSummary: fc.Arbitrary<BackupSummary> = fc.record({
  backupId: text,
  cluster: text,
  state: fc.constantFrom('running', 'stopping', 'finished', 'failed'),
  follow: fc.boolean(),
  lastArchive: archiveId,
  progress,
});

const watermarkQuery: fc.Arbitrary<WatermarkQuery> = fc.record({
  ...topicPartition,
  backupId: text,
  waitForOffset: offset,
  timeoutMs: uint32,
});

/** What the receiver gets: grpc-js asks the serialised message to copy itself behind 5 bytes of its own. */
function overTheWire<T>(codec: Codec<T>, value: T): unknown {
  const message = codec.serialize(value);
  const framed = Buffer.alloc(message.length + 5);
  message.copy(framed, 5);
  return comparable(codec.deserialize(framed.subarray(5)));
}

/** Buffers as the plain arrays that were given; errors as what they say, without the stack of where they were made. */
function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (KopsError.is(value))
    return { code: value.code, message: value.message, hint: value.hint, at: value.at };
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, comparable(field)]),
  );
}

function returnsAsSent<T>(codec: Codec<T>, arbitrary: fc.Arbitrary<T>): void {
  fc.assert(
    fc.property(arbitrary, (value) => {
      expect(overTheWire(codec, value)).toEqual(comparable(value));
    }),
  );
}

describe('every message comes back as it was sent', () => {
  it('agent events', () => {
    returnsAsSent(captureMethods.join.request, agentEvent);
  });
  it('assignments', () => {
    returnsAsSent(captureMethods.join.response, assignment);
  });
  it('frames', () => {
    returnsAsSent(captureMethods.stream.request, frame);
  });
  it('acknowledgements', () => {
    returnsAsSent(captureMethods.stream.response, ack);
  });
  it('backup requests', () => {
    returnsAsSent(operatorMethods.startBackup.request, startBackup);
  });
  it('plans', () => {
    returnsAsSent(operatorMethods.startBackup.response, startedBackup);
  });
  it('backup events', () => {
    returnsAsSent(operatorMethods.watchBackup.response, backupEvent);
  });
  it('backup summaries', () => {
    returnsAsSent(operatorMethods.listBackups.response, fc.array(backupSummary, { maxLength: 3 }));
  });
  it('watermark questions and answers', () => {
    returnsAsSent(operatorMethods.watermark.request, watermarkQuery);
    returnsAsSent(operatorMethods.watermark.response, offset);
  });
});

describe('a message of another version', () => {
  const emptyMessage = Buffer.alloc(0);

  it.each([
    ['agent event', captureMethods.join.request],
    ['assignment', captureMethods.join.response],
    ['frame', captureMethods.stream.request],
    ['acknowledgement', captureMethods.stream.response],
    ['backup event', operatorMethods.watchBackup.response],
  ])(
    'is refused when it is none of the known: %s',
    (_name, codec: { deserialize: (bytes: Buffer) => unknown }) => {
      const result = codec.deserialize(emptyMessage);
      expect(result).toBeInstanceOf(UnreadableMessage);
      expect((result as UnreadableMessage).error.code).toBe('KOPS_FORMAT_UNSUPPORTED');
    },
  );

  it('is refused when an enumeration has a value that is not known', () => {
    // Frame.end (field 5) with reason (field 1) 9.
    const result = captureMethods.stream.request.deserialize(Buffer.from([0x2a, 2, 0x08, 9]));
    expect((result as UnreadableMessage).error.message).toContain('end reason 9');
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(bytes, (garbage) => {
        for (const { request } of [captureMethods.join, captureMethods.stream]) {
          request.deserialize(Buffer.from(garbage));
        }
      }),
    );
  });
});
