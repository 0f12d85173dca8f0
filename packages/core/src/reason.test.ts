import { describe, expect, it } from 'vitest';
import { reasonOf, toKopsError } from './index.ts';

describe('the reason of an error', () => {
  const refused = [
    new Error('connect ECONNREFUSED ::1:9092'),
    new Error('connect ECONNREFUSED 127.0.0.1:9092'),
  ];
  const both = 'connect ECONNREFUSED ::1:9092; connect ECONNREFUSED 127.0.0.1:9092';

  it('of a name with two addresses has each address with its reason', () => {
    expect(reasonOf(new AggregateError(refused))).toBe(both);
    expect(toKopsError(new AggregateError(refused)).message).toBe(both);
  });

  it('is never empty', () => {
    expect(reasonOf(new Error('', { cause: new AggregateError(refused) }))).toBe(both);
    expect(reasonOf(Object.assign(new Error(''), { code: 'ECONNRESET' }))).toBe('ECONNRESET');
    expect(reasonOf(new TypeError(''))).toBe('TypeError');
    expect(reasonOf('')).toBe('no reason given');
    const ring = new Error('');
    ring.cause = ring;
    expect(reasonOf(ring)).toBe('Error');
  });
});
