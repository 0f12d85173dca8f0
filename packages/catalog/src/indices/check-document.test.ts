import { describe, expect, it } from 'vitest';
import { checkDocument } from './check-document.ts';
import { recordIndex } from './record-index.ts';

const problems = (document: Record<string, unknown>) =>
  checkDocument(recordIndex.mappings, document).map(({ field, problem }) => `${field}: ${problem}`);

describe('checkDocument', () => {
  it('takes what the mapping has', () => {
    expect(
      problems({
        '@timestamp': '2023-11-14T22:13:20.123Z',
        message: 'x',
        kafka: {
          offset: 2n ** 63n - 1n,
          headers: ['a', 'b'],
          value: { a: [{ b: 'c' }] },
          tombstone: true,
        },
      }),
    ).toEqual([]);
  });

  it.each<{ document: Record<string, unknown>; problem: string }>(
    (
      [
        [{ other: 1 }, 'other: not in the mapping'],
        [{ kafka: { other: 1 } }, 'kafka.other: not in the mapping'],
        [{ constructor: 1 }, 'constructor: not in the mapping'],
        [{ kafka: 1 }, 'kafka: not an object'],
        [{ message: 1 }, 'message: not a text'],
        [{ message: '\ud800' }, 'message: half a surrogate pair'],
        [{ kafka: { key: ['a', 1] } }, 'kafka.key: not a text'],
        [{ kafka: { partition: 2 ** 31 } }, 'kafka.partition: not a whole number of 32 bits'],
        [{ kafka: { offset: 2n ** 63n } }, 'kafka.offset: not a whole number of 64 bits'],
        [{ kafka: { offset: 1.5 } }, 'kafka.offset: not a whole number of 64 bits'],
        [{ kafka: { tombstone: 'yes' } }, 'kafka.tombstone: not a boolean'],
        [{ '@timestamp': 'yesterday' }, '@timestamp: not a date'],
        [{ kafka: { value: 'x' } }, 'kafka.value: not an object'],
        [{ kafka: { value: { 'a\0': 1 } } }, 'kafka.value: a zero byte in a field name'],
        [
          { kafka: { value: { ['p'.repeat(32_700)]: 'v'.repeat(100) } } },
          'kafka.value: a term that is too long',
        ],
        [
          { kafka: { value: JSON.parse('{"a":'.repeat(21) + '1' + '}'.repeat(21)) } },
          'kafka.value: nested too deep',
        ],
      ] as [Record<string, unknown>, string][]
    ).map(([document, problem]) => ({ document, problem })),
  )('says $problem', ({ document, problem }) => {
    expect(problems(document)).toContain(problem);
  });
});
