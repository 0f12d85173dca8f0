import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { handlersWith, secret, socketFolder } from '../test/stub-archiver.ts';
import {
  connectCapture,
  connectOperator,
  serveArchiver,
  type Ack,
  type Duplex,
  type Frame,
} from './index.ts';

const script = join(import.meta.dirname, '../test/peer-process.ts');
const children: ChildProcess[] = [];

// Finding a stopped peer out takes up to 8 s by design, after two processes have started on what may be a busy machine.
vi.setConfig({ testTimeout: 60_000 });

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function start(role: 'archive' | 'capture', address: string): Promise<ChildProcess> {
  const child = fork(script, [role, address], { execArgv: ['--conditions=@kops/source'] });
  children.push(child);
  await once(child, 'message');
  return child;
}

/** How a call ended, and after how long. */
async function failureOf(signal: AbortSignal): Promise<{ code: unknown; ms: number }> {
  const started = performance.now();
  if (!signal.aborted) await once(signal, 'abort');
  return { code: (signal.reason as { code: unknown }).code, ms: performance.now() - started };
}

describe('an archiver', () => {
  it('that is killed fails the calls of its agents at once', async () => {
    await using folder = await socketFolder();
    const address = `unix:${join(folder.path, 's')}`;
    const archiver = await start('archive', address);
    await using capture = connectCapture({ address, secret });
    const stream = capture.stream();
    await stream.send({ type: 'data', bytes: new Uint8Array(1000) });
    const reading = Array.fromAsync(stream.incoming).catch((error: unknown) => error);
    archiver.kill('SIGKILL');
    const { code, ms } = await failureOf(stream.signal);
    expect(code).toBe('KOPS_ARCHIVER_UNREACHABLE');
    expect(ms).toBeLessThan(3_000);
    expect(await reading).toMatchObject({ code });
    await expect(stream.send({ type: 'end', reason: 'idle' })).rejects.toMatchObject({ code });
  });

  it('that is stopped is found out within 10 s, by open streams and by new calls', async () => {
    await using folder = await socketFolder();
    const address = `unix:${join(folder.path, 's')}`;
    const archiver = await start('archive', address);
    await using capture = connectCapture({ address, secret });
    await using operator = connectOperator({ address, secret });
    const stream = capture.stream();
    await stream.send({ type: 'data', bytes: new Uint8Array(1000) });
    archiver.kill('SIGSTOP');
    const [{ code, ms }, asked] = await Promise.all([
      failureOf(stream.signal),
      operator.listBackups().catch((error: unknown) => error),
    ]);
    expect(code).toBe('KOPS_ARCHIVER_UNREACHABLE');
    expect(ms).toBeLessThan(12_000);
    expect(asked).toMatchObject({ code });
  });
});

describe('an agent', () => {
  it.each([
    ['killed', 'SIGKILL', 3_000],
    ['stopped', 'SIGSTOP', 12_000],
  ] as const)(
    'that is %s is found out: its stream fails, it does not end',
    async (_how, signal, withinMs) => {
      await using folder = await socketFolder();
      const address = `unix:${join(folder.path, 's')}`;
      const accepted = Promise.withResolvers<Duplex<Frame, Ack>>();
      const received = Promise.withResolvers<unknown>();
      await using _server = await serveArchiver(
        { address, secret },
        handlersWith({
          stream: async (stream) => {
            accepted.resolve(stream);
            await Array.fromAsync(stream.incoming).then(received.resolve, received.resolve);
          },
        }),
      );
      const agent = await start('capture', address);
      const stream = await accepted.promise;
      agent.kill(signal);
      const { code, ms } = await failureOf(stream.signal);
      expect(code).toBe('KOPS_INTERRUPTED');
      expect(ms).toBeLessThan(withinMs);
      expect(await received.promise).toMatchObject({ code });
    },
  );
});
