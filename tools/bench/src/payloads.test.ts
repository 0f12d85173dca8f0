import { zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { jsonPayloads, randomPayloads, valueBytes } from './payloads.ts';

/** How many times smaller a batch of 15 values becomes: as many as fit a producer's batch. */
const factor = (lines: readonly string[]): number => {
  const batch = Buffer.from(lines.slice(0, 15).join(''));
  return batch.length / zstdCompressSync(batch).length;
};

describe('payloads', () => {
  it.each([
    ['random', randomPayloads()],
    ['json', jsonPayloads()],
  ])('%s values are all of the same size and differ', (_, text) => {
    const lines = text.split('\n');
    expect(new Set(lines.map((line) => Buffer.byteLength(line)))).toEqual(new Set([valueBytes]));
    expect(new Set(lines).size).toBe(lines.length);
  });

  it('json values are JSON and compress several times, random ones hardly', () => {
    const json = jsonPayloads().split('\n');
    expect(JSON.parse(json[7] ?? '')).toMatchObject({ eventTime: expect.any(String) as string });
    expect(factor(json)).toBeGreaterThan(2.5);
    expect(factor(json)).toBeLessThan(8);
    expect(factor(randomPayloads().split('\n'))).toBeLessThan(1.4);
  });
});
