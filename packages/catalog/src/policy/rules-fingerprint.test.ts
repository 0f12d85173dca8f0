import { describe, expect, it } from 'vitest';
import { parseRecordRules } from './record-policy.ts';
import { fingerprintRules, haveSameMasks } from './rules-fingerprint.ts';

const of = (rule: Record<string, unknown>, topic = 'orders', hashKey?: string) =>
  fingerprintRules(
    parseRecordRules([{ topics: 'orders', level: 'full', ...rule }], { hasHashKey: true }),
    hashKey,
  )(topic);

const mask = (field: string, action = 'redact') => ({ masks: [{ field, action }] });

describe('the fingerprint of rules', () => {
  it('is the same for what makes the same documents', () => {
    expect(of({})).toMatch(/^full\/[0-9a-f]{16}\/$/);
    expect(of({})).toBe(of({ maxValueBytes: 65_536, masks: [] }));
    expect(of({})).toBe(of({ topics: 'o*' }));
    expect(of({ level: 'none' })).toBe(of({ level: 'none', maxValueBytes: 5 }));
    expect(of({}, 'another')).toBe(of({ level: 'none' }));
    expect(of({ level: 'keys', maxValueBytes: 5 })).toBe(of({ level: 'keys' }));
  });

  it('is another for every rule that changes a document', () => {
    const all = [
      {},
      { level: 'none' },
      { level: 'keys' },
      { maxValueBytes: 5 },
      { pipeline: 'p' },
      mask('key'),
      mask('value'),
      mask('value.card'),
      mask('value.card', 'drop'),
      mask('headers.token'),
    ].map((rule) => of(rule));
    expect(new Set(all).size).toBe(all.length);
  });

  it('tells masks from the rest', () => {
    expect(haveSameMasks(of(mask('key')), of({ ...mask('key'), level: 'keys' }))).toBe(true);
    expect(haveSameMasks(of({}), of({ maxValueBytes: 5 }))).toBe(true);
    expect(haveSameMasks(of({}), of(mask('key')))).toBe(false);
    expect(haveSameMasks(of(mask('key')), of(mask('value')))).toBe(false);
    expect(haveSameMasks('mixed', of({}))).toBe(false);
  });

  it('is another with another key of hashes, with other masks only where one hashes', () => {
    const plain = ['one', 'two', undefined].map((key) => of(mask('key'), 'orders', key));
    expect(new Set(plain).size).toBe(3);
    expect(plain.every((text) => haveSameMasks(text, of(mask('key'))))).toBe(true);
    const hashed = (key: string) => of(mask('key', 'hash'), 'orders', key);
    expect(hashed('one')).toBe(hashed('one'));
    expect(haveSameMasks(hashed('one'), hashed('two'))).toBe(false);
    expect(of({ level: 'none' }, 'orders', 'one')).toBe(of({ level: 'none' }));
  });
});
