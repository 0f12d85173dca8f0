import { describe, expect, it } from 'vitest';
import { hasAll, overlap, rulesAfter, rulesBefore, withLessCovered } from './covered.ts';
import { mixedRules, type SegmentState } from './state/index-state.ts';

const range = (from: number, to: number) => ({ from: BigInt(from), to: BigInt(to) });

const segment = (fields: Partial<SegmentState> = {}): SegmentState => ({
  segment: 's',
  archive: 'a',
  documented: true,
  cluster: 'c',
  topicId: 't',
  topic: 'orders',
  partition: 0,
  covered: [range(0, 40), range(60, 100)],
  written: [range(0, 100)],
  order: 3,
  documents: 40,
  deadLetters: 0,
  ...fields,
});

describe('what is covered of a segment', () => {
  it('has fewer records when it is less', () => {
    const documentsOf = (...covered: ReturnType<typeof range>[]) =>
      withLessCovered(segment(), covered).documents;
    expect(documentsOf(range(0, 40), range(60, 100))).toBe(40);
    expect(documentsOf(range(60, 100))).toBe(20);
    expect(documentsOf()).toBe(0);
    expect(withLessCovered(segment({ covered: [] }), []).documents).toBe(0);
  });

  it('has all of another, or something of it', () => {
    const { covered, written } = segment();
    expect([hasAll(written, covered), hasAll(covered, written)]).toEqual([true, false]);
    expect([overlap(covered, [range(39, 60)]), overlap(covered, [range(40, 60)])]).toEqual([
      true,
      false,
    ]);
  });

  it('is by mixed rules where a part was written later', () => {
    const part = segment({ rules: 'old', written: [range(0, 40)], covered: [range(0, 40)] });
    const noted = { ...part, rules: rulesBefore(part, 'new'), written: [range(0, 100)] };
    expect(noted.rules).toBe(mixedRules);
    expect(rulesAfter({ ...noted, covered: [range(0, 100)] }, 'new')).toBe(mixedRules);
    expect(rulesBefore(segment(), 'new')).toBe(mixedRules);
  });

  it('is by the rules of now where there was nothing, or these were those before', () => {
    expect(rulesBefore(segment({ rules: 'old', covered: [], written: [] }), 'new')).toBe('new');
    expect(rulesBefore(segment({ rules: 'new' }), 'new')).toBe('new');
    expect(rulesAfter(segment({ rules: 'new' }), 'new')).toBe('new');
  });

  it('is by the rules of now once all was written anew, and not before', () => {
    for (const rules of ['old', mixedRules]) {
      const forgotten = segment({ rules, covered: [] });
      const noted = { ...forgotten, rules: rulesBefore(forgotten, 'new') };
      expect(noted.rules).not.toBe('new');
      const half = { ...noted, covered: [range(0, 50)] };
      const still = { ...half, rules: rulesAfter(half, 'new') };
      expect(still.rules).toBe(noted.rules);
      // A killed rebuild goes on from there; by other rules it is mixed.
      expect(rulesBefore(still, 'new')).toBe(noted.rules);
      expect(rulesBefore(still, 'newer')).toBe(mixedRules);
      expect(rulesAfter({ ...still, covered: [range(0, 100)] }, 'new')).toBe('new');
    }
  });
});
