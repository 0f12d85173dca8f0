import { KopsError, errorTable, type ErrorCode } from '@kops/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handlersWith, secret } from '../test/stub-archiver.ts';
import { connectCapture, connectOperator, serveArchiver, type ArchiverServer } from './index.ts';

const at = {
  repository: 'file:///backup',
  archive: 'a-1',
  topic: 'orders',
  partition: 3,
  offset: 2n ** 62n,
  segment: 'segments/x',
  group: 'billing',
  broker: '127.0.0.1:9092',
  object: 'manifests/a-1',
};

/** Every call of the stub archiver fails with this. */
let thrown: unknown;
let server: ArchiverServer;
let operator: ReturnType<typeof connectOperator>;
let capture: ReturnType<typeof connectCapture>;

function fail(): never {
  throw thrown;
}

beforeAll(async () => {
  server = await serveArchiver(
    { address: '127.0.0.1:0', secret },
    handlersWith({ stream: fail, operator: { stopBackup: fail, watchBackup: fail } }),
  );
  operator = connectOperator({ address: server.address, secret });
  capture = connectCapture({ address: server.address, secret });
});

afterAll(async () => {
  await operator[Symbol.asyncDispose]();
  await capture[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function caught(work: Promise<unknown>): Promise<KopsError> {
  try {
    await work;
  } catch (error) {
    if (KopsError.is(error)) return error;
  }
  throw new Error('no KopsError was thrown');
}

async function viaEveryKindOfCall(): Promise<KopsError[]> {
  const stream = capture.stream();
  return Promise.all([
    caught(operator.stopBackup('b')),
    caught(Array.fromAsync(operator.watchBackup('b'))),
    caught(Array.fromAsync(stream.incoming)),
  ]);
}

describe('an error of the archiver', () => {
  it.each(Object.keys(errorTable) as ErrorCode[])(
    '%s arrives whole, by every kind of call',
    async (code) => {
      thrown = new KopsError(code, `what happened: naïve ${code}`, { at, hint: 'Do this next.' });
      for (const error of await viaEveryKindOfCall()) {
        expect({ ...error, message: error.message }).toMatchObject({
          code,
          message: `what happened: naïve ${code}`,
          hint: 'Do this next.',
          at,
        });
      }
    },
  );

  it('without hint and coordinates gets none on the way', async () => {
    thrown = new KopsError('KOPS_NO_SPACE', 'full');
    const [error] = await viaEveryKindOfCall();
    expect(error?.hint).toBeUndefined();
    expect(error?.at).toEqual({});
  });

  it('that is no KopsError is KOPS_UNEXPECTED and keeps its stack at home', async () => {
    thrown = new TypeError('undefined is not a function');
    for (const error of await viaEveryKindOfCall()) {
      expect(error.code).toBe('KOPS_UNEXPECTED');
      expect(error.message).toBe('undefined is not a function');
      expect(error.cause).toBeUndefined();
      expect(error.stack).not.toContain('errors.test.ts:4');
    }
  });

  it('with endless or broken text still arrives', async () => {
    thrown = new KopsError('KOPS_REFUSED', `\ud800${'ü'.repeat(100_000)}`, {
      at: { object: 'o'.repeat(100_000) },
      hint: 'h'.repeat(100_000),
    });
    for (const error of await viaEveryKindOfCall()) {
      expect(error.code).toBe('KOPS_REFUSED');
      expect(error.message).toMatch(/^\ufffdü+…$/);
    }
  });
});
