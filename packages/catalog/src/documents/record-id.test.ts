import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { documentId, lineageId, recordId } from './record-id.ts';

const coordinates = fc.record({
  cluster: fc.constantFrom('c', 'c1', '', 'c","0'),
  topicId: fc.constantFrom('0'.repeat(32), '1'.repeat(32)),
  partition: fc.oneof(fc.nat(12), fc.nat(2 ** 31 - 1)),
  offset: fc.oneof(fc.bigInt(0n, 120n), fc.bigInt(0n, 2n ** 63n - 1n)),
});

describe('ids of records', () => {
  it('are the same only for the same record', () => {
    fc.assert(
      fc.property(coordinates, coordinates, (one, other) => {
        const [a, b] = [one, other].map((of) =>
          recordId(lineageId(of.cluster, of.topicId), of.partition, of.offset),
        );
        const isSame = (Object.keys(one) as (keyof typeof one)[]).every(
          (name) => one[name] === other[name],
        );
        expect(a === b).toBe(isSame);
        expect(a).toMatch(/^[A-Za-z0-9_-]{22}\.[0-9]+\.[0-9]+$/);
        expect(a!.length).toBeLessThanOrEqual(53);
      }),
      { numRuns: 2000 },
    );
  });

  it('keep parts of other documents apart', () => {
    expect(documentId('a', 'b')).not.toBe(documentId('ab'));
    expect(documentId('a', 1)).not.toBe(documentId('a', '1'));
    expect(documentId('a')).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });
});
