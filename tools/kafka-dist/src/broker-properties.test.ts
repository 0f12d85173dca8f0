import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatProperties, nodeProperties, type NodeSettings } from './broker-properties.ts';

const ports = (
  base: number,
): { plaintext: number; controller: number; sasl: number; ssl: number } => ({
  plaintext: base,
  controller: base + 1,
  sasl: base + 2,
  ssl: base + 3,
});
const settings: NodeSettings = {
  id: 2,
  host: '127.0.0.1',
  nodes: [1, 2, 3].map((id) => ({ id, ports: ports(id * 10) })),
  logDir: '/data',
  config: {},
};

describe('nodeProperties', () => {
  it('lets clients use every listener that was asked for, and votes with all nodes', () => {
    expect(nodeProperties(settings)).toMatchObject({
      'node.id': '2',
      'controller.quorum.voters': '1@127.0.0.1:11,2@127.0.0.1:21,3@127.0.0.1:31',
      listeners:
        'PLAINTEXT://127.0.0.1:20,SASL_PLAINTEXT://127.0.0.1:22,SSL://127.0.0.1:23,CONTROLLER://127.0.0.1:21',
      'advertised.listeners':
        'PLAINTEXT://127.0.0.1:20,SASL_PLAINTEXT://127.0.0.1:22,SSL://127.0.0.1:23',
      'offsets.topic.replication.factor': '3',
    });
  });

  it('lets the caller win, and has no access control unless asked', () => {
    const config = { 'offsets.topic.num.partitions': '7' };
    expect(nodeProperties({ ...settings, config })['offsets.topic.num.partitions']).toBe('7');
    expect(nodeProperties(settings)).not.toHaveProperty('authorizer.class.name');
    expect(nodeProperties({ ...settings, superUsers: ['root'] })['super.users']).toBe(
      'User:ANONYMOUS;User:root',
    );
  });

  it('quotes passwords', () => {
    const sasl = [{ username: 'a', password: 'x"y\\z' }];
    const line = nodeProperties({ ...settings, sasl })[
      'listener.name.sasl_plaintext.plain.sasl.jaas.config'
    ];
    expect(line).toContain('user_a="x\\"y\\\\z";');
  });

  it('refuses a node that is not of the cluster', () => {
    expect(() => nodeProperties({ ...settings, id: 9 })).toThrow(RangeError);
  });
});

describe('formatProperties', () => {
  it('writes one line for each property, whatever is in it', () => {
    const arbitrary = fc.dictionary(fc.stringMatching(/^[a-z.=: #!]{1,12}$/), fc.string());
    fc.assert(
      fc.property(arbitrary, (properties) => {
        const lines = formatProperties(properties).split('\n').slice(0, -1);
        return lines.length === Object.keys(properties).length;
      }),
    );
    expect(formatProperties({ 'a b': 'c\\d\ne' })).toBe('a\\ b=c\\\\d\\ne\n');
  });
});
