import type { KafkaRecord } from '@kops/record-batch';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyRecord } from '../../test/any-record.ts';
import { asSent, type SentDocument } from '../../test/sent-document.ts';
import { checkDocument } from '../indices/check-document.ts';
import { recordIndex } from '../indices/record-index.ts';
import { createHasher } from '../policy/keyed-hash.ts';
import { compilePolicy, parseRecordRules, type RecordPolicy } from '../policy/record-policy.ts';
import { parseWithBigints } from './exact-json.ts';
import { documentRecords } from './record-document.ts';
import type { RecordSource } from './record-source.ts';

const source: RecordSource = {
  cluster: 'c1',
  topicId: '0'.repeat(31) + '1',
  topic: 'orders',
  partition: 3,
  archive: '20260131t235959z-k3v9q2xa',
  segment: 'segments/c1/x/3/t/00000000000000000000.log',
};
const hasher = createHasher('a key that nobody guesses');

function policy(rule: Record<string, unknown> = {}): RecordPolicy {
  const rules = parseRecordRules([{ topics: '*', level: 'full', ...rule }], { hasHashKey: true });
  return compilePolicy(rules)('orders');
}

const mask = (field: string, action = 'drop') => ({ masks: [{ field, action }] });
const record = (fields: Partial<KafkaRecord> = {}): KafkaRecord => ({
  offset: 42n,
  timestamp: 1_700_000_000_123n,
  key: Buffer.from('k-1'),
  value: Buffer.from('{"order":4711}'),
  headers: [],
  ...fields,
});

/** The document as the server would get it. */
function documentOf(of: Partial<KafkaRecord>, rule?: Record<string, unknown>): SentDocument {
  return asSent(documentRecords(source, policy(rule), hasher)(record(of))?.fields ?? null);
}
const ofValue = (value: string | Uint8Array, rule?: Record<string, unknown>) =>
  documentOf({ value: Buffer.from(value as string) }, rule);

describe('the document of a record', () => {
  it('has what its level says', () => {
    const headers = [{ key: 'trace', value: Buffer.from('t-1') }];
    expect(documentOf({ headers }, { level: 'none' })).toBeNull();
    const metadata = documentOf({ headers }, { level: 'metadata' });
    expect(metadata).toEqual({
      '@timestamp': '2023-11-14T22:13:20.123Z',
      kafka: {
        topic: 'orders',
        partition: 3,
        offset: 42,
        timestamp: 1_700_000_000_123,
        key_bytes: 3,
        key_hash: hasher.hash('k-1'),
        header_count: 1,
        value_bytes: 14,
      },
      kops: expect.objectContaining({
        archive: source.archive,
        segment: source.segment,
        level: 'metadata',
      }),
    });
    const keys = documentOf({ headers }, { level: 'keys' });
    expect(keys.kafka).toMatchObject({ key: 'k-1', key_encoding: 'text', header_names: ['trace'] });
    expect(JSON.stringify(keys)).not.toMatch(/4711|t-1/);
    const full = documentOf({ headers });
    expect(full).toMatchObject({
      message: '{"order":4711}',
      kafka: { value: { order: 4711 }, value_format: 'json', headers: ['trace: t-1'] },
    });
  });

  it('has no date where the record has none', () => {
    for (const timestamp of [-1n, -5n, 2n ** 62n]) {
      const document = documentOf({ timestamp });
      expect(document).not.toHaveProperty('@timestamp');
    }
    const made = documentRecords(
      source,
      policy(),
      hasher,
    )(record({ timestamp: 2n ** 62n + 1n, offset: 2n ** 63n - 1n }));
    expect(JSON.stringify(made?.fields)).toContain(
      '"offset":9223372036854775807,"timestamp":4611686018427387905',
    );
  });

  it('tells null, empty and binary apart', () => {
    expect(documentOf({ key: null, value: null }).kafka).toMatchObject({
      key_encoding: 'null',
      tombstone: true,
      value_format: 'null',
    });
    const empty = documentOf({ key: Buffer.alloc(0), value: Buffer.alloc(0) });
    expect(empty).toMatchObject({
      message: '',
      kafka: { key: '', key_encoding: 'text', key_bytes: 0, value_bytes: 0, value_format: 'text' },
    });
    expect(empty.kafka).not.toHaveProperty('tombstone');
    const binary = documentOf({ key: Buffer.from([0xff, 0]), value: Buffer.from([0, 1]) });
    expect(binary.kafka).toMatchObject({
      key: '/wA=',
      key_encoding: 'base64',
      value_format: 'binary',
      value_hash: hasher.hash(Buffer.from([0, 1])),
    });
    expect(binary).not.toHaveProperty('message');
  });

  it('keeps order and duplicates of headers, and what is null or binary', () => {
    const headers = [
      { key: 'b', value: Buffer.from('2') },
      { key: 'a', value: null },
      { key: 'b', value: Buffer.from([0xfe]) },
      { key: 'b', value: Buffer.alloc(0) },
    ];
    expect(documentOf({ headers }).kafka).toMatchObject({
      header_count: 4,
      header_names: ['b', 'a', 'b', 'b'],
      headers: ['b: 2', 'a', 'b: /g==', 'b: '],
      header_encodings: ['text', 'null', 'base64', 'text'],
    });
  });

  it('keeps the digits of numbers in text and fields', () => {
    const value = '{"big":12345678901234567890,"price":1.10,"tiny":1e-400}';
    const made = documentRecords(source, policy(), hasher)(record({ value: Buffer.from(value) }));
    expect(made?.fields['message']).toBe(value);
    expect(JSON.stringify(made?.fields)).toContain(`"value":${value}`);
    const masked = documentRecords(
      source,
      policy(mask('value.x')),
      hasher,
    )(record({ value: Buffer.from(value) }));
    expect(masked?.fields['message']).toBe(value);
  });

  it('shows invalid JSON, arrays and single values as text', () => {
    for (const value of ['{"a":', '[1,2]', '"a"', '12', ' ']) {
      const document = ofValue(value);
      expect(document.message).toBe(value);
      expect(document.kafka).not.toHaveProperty('value');
    }
  });

  it('cuts text at a whole character, and shows no half of a JSON object', () => {
    const value = JSON.stringify({ text: 'ä'.repeat(100) });
    const document = ofValue(value, { maxValueBytes: 50 });
    expect(document.message).toBe(value.slice(0, 9 + 20));
    expect(Buffer.byteLength(document.message)).toBe(49);
    expect(document.kops.truncated).toEqual(['value']);
    expect(document.kafka).toMatchObject({ value_bytes: 211, value_format: 'text' });
    expect(document.kafka).not.toHaveProperty('value');
    expect(ofValue(value, { maxValueBytes: 211 }).kops).not.toHaveProperty('truncated');
  });

  it('leaves out of the fields what an index cannot hold, and says so', () => {
    const deep = `{"ok":1,"a":${'{"a":'.repeat(30)}1${'}'.repeat(31)}`;
    const document = ofValue(deep);
    expect(document.message).toBe(deep);
    expect(document.kafka.value.ok).toBe(1);
    expect(document.kops.truncated).toEqual(['value']);
    expect(ofValue(`{"${'n'.repeat(40_000)}":1,"ok":2}`).kafka.value).toEqual({ ok: 2 });
    expect(ofValue('['.repeat(200_000)).kafka.value_format).toBe('text');
    expect(ofValue('{"a":'.repeat(9_000) + '1' + '}'.repeat(9_000)).kops.truncated).toEqual([
      'value',
    ]);
  });

  it('takes what a schema registry decoded in place of the bytes', () => {
    const value = { json: '{"id":7,"card":"4111"}', format: 'avro' as const, schemaId: 12 };
    const bytes = record({ value: Buffer.from([0, 0, 0, 0, 12, 1]) });
    const made = documentRecords(source, policy(mask('value.card')), hasher)(bytes, { value });
    expect(made?.fields).toMatchObject({
      message: '{"id":7}',
      kafka: { value_format: 'avro', value_schema_id: 12, value_bytes: 6 },
    });
    expect(documentRecords(source, policy(), hasher)(bytes, { value })?.fields).toMatchObject({
      message: value.json,
      kafka: { value: { id: 7 } },
    });
  });
});

describe('masks', () => {
  it.each([
    ['drop', '{"name":"n"}'],
    ['redact', '{"name":"n","card":"[redacted]"}'],
    ['hash', `{"name":"n","card":"${hasher.hash('4111')}"}`],
  ])('%s a field', (action, message) => {
    const document = ofValue('{"name":"n","card":"4111"}', mask('value.card', action));
    expect(document.message).toBe(message);
    expect(document.kafka.value).toEqual(JSON.parse(message));
    expect(document.kops.masked).toEqual(['value']);
  });

  it.each([
    ['value.cards.number', '{"cards":[{"number":"S"},[{"number":"S"}]]}'],
    ['value.cards.*.number', '{"cards":[{"number":"S"}]}'],
    ['value.cards.0', '{"cards":["S"]}'],
    ['value.*.card', '{"x":{"card":{"deep":["S"]}},"a.b":{"card":"S"}}'],
    ['value.a.b', '{"a.b":"S","a":{"b":"S"}}'],
    ['value.a', '{"a.b.c":"S"}'],
    ['value.a.b.c', '{"a.b":{"c":"S"},"a":{"b.c":"S"}}'],
    ['value.__proto__', '{"__proto__":"S"}'],
    ['value.card', '{"card":"S","card":"S"}'],
    ['value.card', '[{"card":"S"}]'],
    ['value.card', '{"card":S}'],
    ['value.card', '"S"'],
    ['value.card', `${'{"a":'.repeat(150)}{"card":"S"}${'}'.repeat(150)}`],
    ['value', 'S'],
  ])('%s hides S in %s', (field, value) => {
    for (const action of ['drop', 'redact', 'hash']) {
      const secret = value.replaceAll('S', 'canary-4111');
      const document = ofValue(secret, mask(field, action));
      expect(JSON.stringify(document)).not.toContain('canary');
      expect(document.kafka.value_hash).toBe(
        field === 'value' && action === 'hash' ? hasher.hash(secret) : undefined,
      );
      expect(JSON.stringify(ofValue(secret, mask('value.other', action)))).toMatch(
        /canary|withheld/,
      );
    }
  });

  it('leave no hash of a key that they hide, other than the keyed one that was asked for', () => {
    const hidden = documentOf({}, { ...mask('key', 'redact') });
    expect(hidden.kafka).toMatchObject({ key: '[redacted]', key_bytes: 3 });
    expect(hidden.kafka).not.toHaveProperty('key_hash');
    expect(documentOf({}, mask('key', 'hash')).kafka.key_hash).toBe(hasher.hash('k-1'));
    expect(documentOf({}, mask('key', 'drop')).kafka).not.toHaveProperty('key');
    const fields = documentOf({ key: Buffer.from('{"id":1,"ssn":"S"}') }, mask('key.ssn'));
    expect(fields.kafka).toMatchObject({ key: '{"id":1}' });
    expect(fields.kafka).not.toHaveProperty('key_hash');
  });

  it('hide headers by glob of their name', () => {
    const headers = ['X-Auth', 'x-trace'].map((key) => ({ key, value: Buffer.from('v') }));
    expect(documentOf({ headers }, mask('headers.x-auth')).kafka.headers).toEqual(['x-trace: v']);
    expect(documentOf({ headers }, mask('headers.x-*', 'redact')).kafka.headers).toEqual([
      'X-Auth: [redacted]',
      'x-trace: [redacted]',
    ]);
    expect(documentOf({ headers }, mask('headers.x-auth', 'hash')).kafka.headers).toEqual([
      `X-Auth: ${hasher.hash('v')}`,
      'x-trace: v',
    ]);
  });

  const canary = 'CANARY7f3a';
  /** JSON in which every field called `secret` holds the canary, anywhere. */
  const tainted = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom<unknown>(1, null, 'x', 12.5),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'a.b', 'items', '', '__proto__'), tie('tree'), {
        maxKeys: 3,
      }),
      tie('tree').map((tree) => ({ secret: [canary, { deep: canary }], other: tree })),
    ),
  })).tree;

  it('leave nothing of what they hide anywhere in the document', () => {
    const rule = {
      masks: [
        'secret',
        '*.secret',
        '*.*.secret',
        '*.*.*.secret',
        '*.*.*.*.secret',
        '*.*.*.*.*.secret',
        '*.*.*.*.*.*.secret',
        '*.*.*.*.*.*.*.secret',
        '*.*.*.*.*.*.*.*.secret',
        '*.*.*.*.*.*.*.*.*.secret',
      ]
        .flatMap((path) => [`value.${path}`, `key.${path}`])
        .map((field) => ({ field, action: 'drop' }))
        .concat([{ field: 'headers.*', action: 'hash' }]),
    };
    fc.assert(
      fc.property(
        tainted,
        fc.constantFrom('full', 'keys', 'metadata'),
        fc.nat(200),
        (tree, level, maxValueBytes) => {
          const bytes = Buffer.from(JSON.stringify(tree));
          const made = documentOf(
            { key: bytes, value: bytes, headers: [{ key: 'h', value: Buffer.from(canary) }] },
            { ...rule, level, maxValueBytes },
          );
          expect(JSON.stringify(made)).not.toContain(canary);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('would be seen to leave something if they did', () => {
    expect(
      JSON.stringify(ofValue(JSON.stringify({ secret: canary }), mask('value.other'))),
    ).toContain(canary);
  });
});

describe('any record', () => {
  const rules = fc.record({
    level: fc.constantFrom('metadata', 'keys', 'full'),
    maxValueBytes: fc.nat(1000),
    masks: fc.subarray([
      { field: 'value.a', action: 'hash' },
      { field: 'headers.a*', action: 'redact' },
      { field: 'key.*', action: 'redact' },
    ]),
  });

  it('makes a document that the mapping takes, always the same', () => {
    fc.assert(
      fc.property(anyRecord, rules, (any, rule) => {
        const made = documentRecords(source, policy(rule), hasher);
        const json = JSON.stringify(made(any)?.fields);
        // Offsets and timestamps beyond 2^53 are checked by their digits.
        const document = parseWithBigints(json) as SentDocument;
        expect(checkDocument(recordIndex.mappings, document)).toEqual([]);
        expect(JSON.stringify(made(any)?.fields)).toBe(json);
      }),
      { numRuns: 500 },
    );
  });
});
