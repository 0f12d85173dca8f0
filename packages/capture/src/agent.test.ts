import { KopsError } from '@kops/core';
import type { CaptureClient } from '@kops/transport';
import { expect, it } from 'vitest';
import { runAgent } from './agent.ts';

/** An archiver that refuses an agent, and how often it was asked. */
function refusing(errors: readonly KopsError[]): {
  readonly capture: CaptureClient;
  asked: number;
} {
  const archiver = {
    asked: 0,
    capture: {
      join: () => {
        const error = errors[archiver.asked++] ?? new KopsError('KOPS_UNEXPECTED', 'asked again');
        const stop = new AbortController();
        stop.abort(error);
        return {
          incoming: { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) },
          send: () => Promise.reject(error),
          end: () => undefined,
          abort: () => undefined,
          signal: stop.signal,
        };
      },
    } as Partial<CaptureClient> as CaptureClient,
  };
  return archiver;
}

const run = (capture: CaptureClient): Promise<void> =>
  runAgent({
    agentId: 'a',
    host: 'h',
    rack: '',
    brokerIds: [],
    version: '',
    capture,
    connect: () => Promise.reject(new Error('not asked')),
    signal: new AbortController().signal,
  });

it('ends an agent whose archiver speaks another revision of the protocol', async () => {
  const archiver = refusing([new KopsError('KOPS_FORMAT_UNSUPPORTED', 'the agent is older')]);
  await expect(run(archiver.capture)).rejects.toMatchObject({
    code: 'KOPS_FORMAT_UNSUPPORTED',
    message: 'the agent is older',
  });
  expect(archiver.asked).toBe(1);
});

it('joins again after an archiver that was gone', async () => {
  const archiver = refusing([
    new KopsError('KOPS_ARCHIVER_UNREACHABLE', 'gone'),
    new KopsError('KOPS_FORMAT_UNSUPPORTED', 'another one came'),
  ]);
  await expect(run(archiver.capture)).rejects.toMatchObject({ code: 'KOPS_FORMAT_UNSUPPORTED' });
  expect(archiver.asked).toBe(2);
});
