import { describe, expect, it } from 'vitest';
import { errorToJson, firstFailure, KopsError, toKopsError } from './errors.ts';

const unreachable = (): KopsError =>
  new KopsError('KOPS_KAFKA_UNREACHABLE', 'no broker answers', {
    at: { broker: 'gone:1' },
    hint: 'Start it.',
  });

/** What `await using` throws when the work fails and then what it used cannot be closed. */
async function failing(first: unknown, ...closing: readonly Error[]): Promise<unknown> {
  try {
    await using stack = new AsyncDisposableStack();
    for (const error of [...closing].reverse()) stack.defer(() => Promise.reject(error));
    throw first;
  } catch (thrown) {
    return thrown;
  }
}

describe('a failure whose clean-up fails, too', () => {
  it('is the first one, with those of the clean-up attached in their order', async () => {
    const left = new KopsError('KOPS_INCOMPLETE', 'topics are left', { hint: 'Delete them.' });
    const full = Object.assign(new Error('disk full'), { code: 'ENOSPC' });
    const error = toKopsError(await failing(unreachable(), left, full));
    expect(error).toMatchObject({
      code: 'KOPS_KAFKA_UNREACHABLE',
      exitCode: 30,
      message: 'no broker answers',
      at: { broker: 'gone:1' },
      hint: 'Start it.',
    });
    expect(errorToJson(error)['also']).toEqual([
      { code: 'KOPS_INCOMPLETE', message: 'topics are left', at: {}, hint: 'Delete them.' },
      { code: 'KOPS_NO_SPACE', message: 'disk full', at: {} },
    ]);
  });

  it('keeps what is attached when it is located or worded anew', async () => {
    const error = toKopsError(await failing(unreachable(), new Error('x')));
    const located = KopsError.locate(error, { archive: 'a' });
    expect(located.also.map(({ message }) => message)).toEqual(['x']);
    const worded = new KopsError(error.code, 'again', { cause: error });
    expect(worded.also).toEqual(error.also);
  });

  it('is a disk without space or an interruption, where that came first', async () => {
    const full = Object.assign(new Error('full'), { code: 'ENOSPC' });
    expect(toKopsError(await failing(full, unreachable())).exitCode).toBe(32);
    const aborted = new DOMException('stop', 'AbortError');
    expect(toKopsError(await failing(aborted, unreachable())).exitCode).toBe(130);
  });

  it('leaves other failures as they are', () => {
    const error = unreachable();
    expect(firstFailure(error)).toBe(error);
    expect(toKopsError(error)).toBe(error);
    expect(errorToJson(error)).not.toHaveProperty('also');
  });
});
