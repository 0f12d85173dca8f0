import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  firstIndex,
  indexPatterns,
  isPrefix,
  migratedIndex,
  parseIndexName,
  recordsAlias,
} from './index-names.ts';

const kafkaTopic = fc.stringMatching(/^[a-zA-Z0-9._-]{1,249}$/);
/** Topics that are easily taken for each other. */
const similarTopic = fc.stringMatching(/^[aA][-.]?(v2-)?(0{5,7}1|~v2)?$/);

describe('names of indices', () => {
  it('keep the topic where it is a name that Elasticsearch takes', () => {
    expect(recordsAlias('orders.eu_1-x', 'kops')).toBe('kops-records-orders.eu_1-x');
  });

  it('tell topics apart that differ in case only', () => {
    const names = ['orders', 'Orders', 'ORDERS', 'oRDERS'].map((topic) =>
      recordsAlias(topic, 'kops'),
    );
    expect(new Set(names).size).toBe(4);
    expect(names[1]).toMatch(/^kops-records-orders~[0-9a-f]{16}$/);
  });

  it('tell a topic that ends like a counter from the index of another', () => {
    const index = firstIndex(recordsAlias('orders', 'kops'));
    expect(recordsAlias('orders-000001', 'kops')).not.toBe(index);
  });

  it('are allowed for any text as topic, and different for different topics', () => {
    const topics = fc.oneof(
      kafkaTopic,
      similarTopic,
      fc.string({ unit: 'binary', maxLength: 300 }),
    );
    fc.assert(
      fc.property(topics, topics, (one, other) => {
        const alias = recordsAlias(one, 'kops');
        for (const name of [alias, migratedIndex(firstIndex(alias), 9999)]) {
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
          expect(name).toMatch(/^kops-records-[a-z0-9._~-]*$/);
        }
        if (one === other) return;
        const others = recordsAlias(other, 'kops');
        expect(others).not.toBe(alias);
        expect([firstIndex(others), migratedIndex(firstIndex(others), 2)]).not.toContain(alias);
      }),
      { numRuns: 500 },
    );
  });

  it('say alias and counter again', () => {
    fc.assert(
      fc.property(kafkaTopic, (topic) => {
        const alias = recordsAlias(topic, 'kops');
        expect(parseIndexName(firstIndex(alias))).toEqual({ alias, migratedTo: 0, counter: 1 });
        expect(parseIndexName(migratedIndex(`${alias}-000042`, 3))).toEqual({
          alias,
          migratedTo: 3,
          counter: 42,
        });
      }),
    );
    expect(parseIndexName('kops-archives')).toBeUndefined();
  });

  it('match the pattern of their kind and no other', () => {
    const matches = (index: string) =>
      (['archives', 'segments', 'records'] as const).filter((kind) =>
        indexPatterns(kind, 'kops').some((pattern) => index.startsWith(pattern.slice(0, -1))),
      );
    expect(matches('kops-archives-000001')).toEqual(['archives']);
    expect(matches('kops-archives~v2-000001')).toEqual(['archives']);
    expect(matches(firstIndex(recordsAlias('archives', 'kops')))).toEqual(['records']);
    expect(matches('kops2-archives-000001')).toEqual([]);
  });

  it('have a prefix that is no other prefix of kops', () => {
    expect(['kops', 'kops_eu', 'k1.x'].every(isPrefix)).toBe(true);
    expect(['', 'Kops', 'kops-records', '_x', 'a'.repeat(41)].some(isPrefix)).toBe(false);
  });
});
