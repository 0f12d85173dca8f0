import { expect, it } from 'vitest';
import { toBase64 } from './oracle-record.ts';
import { parseKcatOutput } from './read-kcat.ts';

const end = '0123456789abcdef';
// A value that looks like the frame around it, and one that is not text.
const tricky = `1 2 3 -1 -1 ${end}`;
const output = Buffer.concat([
  Buffer.from(`0 7 1700000000000 1 ${String(tricky.length)} k${tricky}a=1,b=NULL${end}`),
  Buffer.from(`1 0 -1 -1 3 `),
  Buffer.from([0, 255, 10]),
  Buffer.from(end),
]);

it('reads keys and values by their length, whatever is in them', () => {
  expect(parseKcatOutput(output, 't', end)).toEqual([
    {
      topic: 't',
      partition: 0,
      offset: 7n,
      timestamp: 1_700_000_000_000n,
      key: toBase64('k'),
      value: toBase64(tricky),
      headersText: 'a=1,b=NULL',
    },
    {
      topic: 't',
      partition: 1,
      offset: 0n,
      timestamp: -1n,
      key: null,
      value: 'AP8K',
      headersText: '',
    },
  ]);
});

it('does not take cut off output for less output', () => {
  const whole = parseKcatOutput(output, 't', end).length;
  expect(whole).toBe(2);
  for (const cut of [3, 20, output.length - 1, output.length - end.length - 1]) {
    expect(() => parseKcatOutput(output.subarray(0, cut), 't', end)).toThrow(/cut off/);
  }
});
