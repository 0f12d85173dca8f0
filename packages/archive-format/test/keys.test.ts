import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  archiveIdSchema,
  clusterPathName,
  commitKey,
  deriveTopicId,
  listKey,
  manifestKey,
  newArchiveId,
  newToken,
  parseCommitKey,
  parseSegmentKey,
  pinKey,
  segmentKey,
  segmentsPrefix,
} from '../src/index.ts';

const topicId = '0123456789abcdef0123456789abcdef';
const token = 'a'.repeat(32);
/** What the port of object stores asks of keys. */
const storable = /^(?!.*(^|\/)\.{1,2}(\/|$))[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/;

/** Text with control characters, separators and non-ASCII letters. */
const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0x7ff }).map((unit) => String.fromCharCode(unit)),
});

describe('object keys', () => {
  it('are those of docs/FORMAT.md', () => {
    expect(
      segmentKey({
        clusterId: 'MkU3OEVBNTcwNTJENDM2Qg',
        topicId,
        partition: 12,
        token,
        baseOffset: 42n,
      }),
    ).toBe(`segments/MkU3OEVBNTcwNTJENDM2Qg/${topicId}/12/${token}/00000000000000000042.log`);
    expect(commitKey('main', 7)).toBe('commits/main/00000000000000000007.json');
    expect(manifestKey('20260131t235959z-abcdefgh')).toBe(
      'manifests/20260131t235959z-abcdefgh.json',
    );
    expect(listKey('ab'.repeat(32))).toBe(`lists/${'ab'.repeat(32)}.json`);
    expect(pinKey('p-1')).toBe('pins/p-1.json');
  });

  it('are safe whatever a cluster calls itself, and tell clusters apart', () => {
    fc.assert(
      fc.property(
        anyText,
        fc.string(),
        fc.nat(),
        fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
        (clusterId, other, partition, baseOffset) => {
          const key = segmentKey({ clusterId, topicId, partition, token, baseOffset });
          expect(key).toMatch(storable);
          expect(parseSegmentKey(key)).toEqual({
            cluster: clusterPathName(clusterId),
            topicId,
            partition,
            token,
            baseOffset,
          });
          expect(clusterPathName(clusterId) === clusterPathName(other)).toBe(clusterId === other);
        },
      ),
    );
    for (const odd of ['', '..', '-rf', 'a/b', 'a b', 'h.x', 'é', 'x'.repeat(65)])
      expect(clusterPathName(odd)).toMatch(/^h\.[0-9a-f]{64}$/);
  });

  it('refuse parts of another form', () => {
    expect(() => manifestKey('../../etc/passwd')).toThrow(/not a valid archive id/);
    expect(() => listKey('abc')).toThrow(/not a valid SHA-256/);
    expect(() => commitKey('A/B', 1)).toThrow(/not a valid shard/);
    expect(() => segmentsPrefix({ clusterId: 'c', topicId: 'orders', partition: 0 })).toThrow(
      /not a valid topic id/,
    );
    expect(() =>
      segmentKey({ clusterId: 'c', topicId, partition: 0, token: '..', baseOffset: 0n }),
    ).toThrow(/not a valid segment token/);
    expect(parseSegmentKey(`segments/c/${topicId}/0/${token}/42.log`)).toBeUndefined();
    expect(parseCommitKey('commits/main/1.json')).toBeUndefined();
    expect(parseCommitKey(commitKey('main', 12))).toEqual({ shard: 'main', sequence: 12 });
  });
});

describe('ids', () => {
  const clock = {
    now: () => Date.UTC(2026, 0, 31, 23, 59, 59, 999),
    monotonic: () => 0,
    sleep: () => Promise.resolve(),
  };

  it('carry the time as a label and random bits', () => {
    expect(newArchiveId(clock, () => new Uint8Array(8).fill(33))).toBe('20260131t235959z-bbbbbbbb');
    const ids = new Set(Array.from({ length: 1000 }, () => newArchiveId(clock)));
    expect(ids.size).toBe(1000);
    for (const id of ids) expect(archiveIdSchema.safeParse(id).success).toBe(true);
    expect(newToken()).toMatch(/^[0-9a-f]{32}$/);
    expect(newToken()).not.toBe(newToken());
  });

  it('derive the same topic id for the same cluster and name only', () => {
    expect(deriveTopicId('c', 'orders')).toMatch(/^[0-9a-f]{32}$/);
    expect(deriveTopicId('c', 'orders')).toBe(deriveTopicId('c', 'orders'));
    expect(
      new Set([
        deriveTopicId('c', 'orders'),
        deriveTopicId('d', 'orders'),
        deriveTopicId('co', 'rders'),
        deriveTopicId('c', 'x'),
      ]).size,
    ).toBe(4);
  });
});
