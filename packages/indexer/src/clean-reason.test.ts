import { describe, expect, it } from 'vitest';
import { cleanReason } from './clean-reason.ts';

describe('the reason of a dead letter', () => {
  it('keeps what Elasticsearch says of fields and types', () => {
    expect(
      cleanReason(
        'document_parsing_exception',
        "[1:23] failed to parse field [kafka.partition] of type [integer] in document with id 'x.1.2'. Preview of field's value: 'canary'",
        true,
      ),
    ).toBe(
      '[1:23] failed to parse field [kafka.partition] of type [integer] in document with id …',
    );
  });

  it('ends before anything that may be of the record', () => {
    for (const reason of [
      'unable to convert [canary] to integer',
      'For input string: "canary"',
      "prefix is 'canary [message] canary'",
      'field [message] is [a] b] canary',
      'object {canary}',
      'a quote without end "canary',
      "can't parse canary",
    ]) {
      const clean = cleanReason('illegal_argument_exception', reason, false);
      expect(clean).not.toContain('canary');
      expect(clean).toContain('…');
    }
    expect(cleanReason('mapper_parsing_exception', 'object mapping [message] is odd', false)).toBe(
      'object mapping [message] is odd',
    );
  });

  it('is withheld where a pipeline worded it', () => {
    expect(cleanReason('fail_processor_exception', 'the card canary is bad', true)).toBe(
      'withheld: it may hold values of the record',
    );
    expect(cleanReason('fail_processor_exception', 'the card is bad', false)).toBe(
      'the card is bad',
    );
  });
});
