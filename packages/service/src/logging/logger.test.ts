import { describe, expect, it } from 'vitest';
import { KopsError, type Logger } from '@kops/core';
import { createLogger, type LoggerOptions } from './logger.ts';

function captured(options: LoggerOptions = {}): {
  logger: Logger;
  lines: () => Record<string, unknown>[];
  raw: () => string;
} {
  let written = '';
  const stream = { write: (line: string) => void (written += line) };
  return {
    logger: createLogger({ ...options, stream }),
    raw: () => written,
    lines: () =>
      written
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

describe('createLogger', () => {
  it('writes one JSON line per call with the fixed fields', () => {
    const { logger, lines } = captured({ name: 'archiver' });
    logger.info('sealed', { topic: 'orders', partition: 3, offset: 2n ** 60n });
    expect(lines()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        pid: process.pid,
        name: 'archiver',
        topic: 'orders',
        partition: 3,
        offset: '1152921504606846976',
        msg: 'sealed',
      },
    ]);
  });

  it('writes nothing below its level', () => {
    const { logger, lines } = captured({ level: 'warn' });
    logger.debug('a');
    logger.info('b');
    logger.warn('c');
    logger.error('d');
    expect(lines().map(({ level, msg }) => [level, msg])).toEqual([
      ['warn', 'c'],
      ['error', 'd'],
    ]);
  });

  it('takes code and coordinates of an error into the line', () => {
    const { logger, lines } = captured();
    const cause = new Error('disk');
    const at = { topic: 'orders', partition: 1, offset: 5n };
    logger.error('failed', {
      error: new KopsError('KOPS_NO_SPACE', 'full', { at, hint: 'Free some.', cause }),
    });
    expect(lines()[0]).toMatchObject({
      code: 'KOPS_NO_SPACE',
      topic: 'orders',
      partition: 1,
      offset: '5',
      error: {
        code: 'KOPS_NO_SPACE',
        message: 'full',
        hint: 'Free some.',
        cause: { message: 'disk' },
      },
    });
  });

  it('never writes a secret, by the name of its field or by its value', () => {
    const secret = 'correct-horse';
    const { logger, raw, lines } = captured({ secrets: [secret, 'abc'] });
    const error = new Error(`login as u:${secret} failed`, {
      cause: { options: [{ note: secret }] },
    });
    logger.error(`cannot log in with ${secret}`, {
      error,
      sasl: { username: 'abc', password: 'other-secret', passphrase: 'other-secret' },
      nested: {
        deeper: [{ apiKey: 'other-secret', Authorization: 'other-secret', note: `x${secret}y` }],
      },
      map: new Map([['token', 'other-secret']]),
    });
    expect(raw()).not.toContain(secret);
    expect(raw()).not.toContain('other-secret');
    expect(lines()[0]).toMatchObject({
      msg: 'cannot log in with [redacted]',
      sasl: { username: 'abc', password: '[redacted]' },
    });
    // The control: without redaction the value would be there.
    const plain = captured();
    plain.logger.error(`cannot log in with ${secret}`);
    expect(plain.raw()).toContain(secret);
  });

  it('writes values of any shape', () => {
    const { logger, lines } = captured();
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    logger.info('x', {
      cycle,
      bytes: new Uint8Array(5),
      set: new Set([1n]),
      at: new Date(0),
      none: undefined,
      nil: null,
    });
    expect(lines()[0]).toMatchObject({
      bytes: '5 bytes',
      set: ['1'],
      at: '1970-01-01T00:00:00.000Z',
      nil: null,
    });
  });
});
