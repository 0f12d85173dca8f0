import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { KopsError } from '@kops/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { handlersWith, holdsWithin, secret, socketFolder } from '../test/stub-archiver.ts';
import {
  connectCapture,
  connectOperator,
  maxFrameBytes,
  serveArchiver,
  type Ack,
  type ArchiverHandlers,
  type Duplex,
  type Frame,
} from './index.ts';

type Stream = Duplex<Frame, Ack>;

let open = new AsyncDisposableStack();

beforeEach(() => {
  open = new AsyncDisposableStack();
});
afterEach(async () => {
  await open.disposeAsync();
});

async function serve(handlers: Parameters<typeof handlersWith>[0], options = {}) {
  const folder = open.use(await socketFolder());
  const address = `unix:${join(folder.path, 's')}`;
  const server = open.use(
    await serveArchiver({ address, secret }, handlersWith(handlers), options),
  );
  const capture = open.use(connectCapture({ address, secret }));
  const operator = open.use(connectOperator({ address, secret }));
  return { server, capture, operator };
}

/** A stream handler that hands its stream to the test and lasts until the test releases it. */
function held(): {
  handler: ArchiverHandlers['stream'];
  stream: Promise<Stream>;
  release: () => void;
} {
  const accepted = Promise.withResolvers<Stream>();
  const released = Promise.withResolvers<undefined>();
  return {
    handler: async (stream) => {
      accepted.resolve(stream);
      await Promise.race([released.promise, aborted(stream.signal)]);
    },
    stream: accepted.promise,
    release: () => {
      released.resolve(undefined);
    },
  };
}

async function aborted(signal: AbortSignal): Promise<unknown> {
  if (!signal.aborted) {
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve, { once: true });
    });
  }
  return signal.reason;
}

async function first<T>(items: AsyncIterable<T>): Promise<T | undefined> {
  for await (const item of items) return item;
  return undefined;
}

/** A socket in front of another that counts the connections through it. */
async function counting(target: string): Promise<{ address: string; connections: () => number }> {
  const folder = open.use(await socketFolder());
  const path = join(folder.path, 'p');
  let connections = 0;
  const proxy = createServer((socket) => {
    connections += 1;
    const onward = connect(target);
    socket.pipe(onward).pipe(socket);
    socket.on('error', () => onward.destroy());
    onward.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(path, resolve));
  open.defer(() => {
    proxy.close();
  });
  return { address: `unix:${path}`, connections: () => connections };
}

describe('an agent', () => {
  it('spreads its streams over two connections, and no more', async () => {
    const folder = open.use(await socketFolder());
    const path = join(folder.path, 's');
    const stream = async (duplex: Stream): Promise<void> => {
      await first(duplex.incoming);
      await duplex.send({ type: 'durable', offset: 1n });
    };
    open.use(await serveArchiver({ address: `unix:${path}`, secret }, handlersWith({ stream })));
    const proxy = await counting(path);
    const capture = open.use(connectCapture({ address: proxy.address, secret }));
    const say = async (): Promise<Ack | undefined> => {
      const duplex = capture.stream();
      await duplex.send({ type: 'end', reason: 'idle' });
      return first(duplex.incoming);
    };
    expect(await say()).toEqual({ type: 'durable', offset: 1n });
    expect(proxy.connections()).toBe(1);
    await Promise.all(Array.from({ length: 6 }, say));
    expect(proxy.connections()).toBe(2);
  });
});

describe('a PartitionStream', () => {
  it('carries frames and acknowledgements in order, and ends when both sides have ended', async () => {
    const { capture } = await serve({
      stream: async (stream) => {
        let offset = 0n;
        for await (const frame of stream.incoming) {
          if (frame.type !== 'data') continue;
          offset += BigInt(frame.bytes[0] ?? 0);
          await stream.send({ type: 'durable', offset });
        }
      },
    });
    const stream = capture.stream();
    const acks = Array.fromAsync(stream.incoming);
    const bytes = new Uint8Array(maxFrameBytes);
    for (let n = 1; n <= 20; n += 1) {
      // The same buffer again: it is the caller's as soon as send has resolved.
      bytes[0] = n;
      await stream.send({ type: 'data', bytes });
    }
    stream.end();
    const offsets = (await acks).map((ack) => (ack.type === 'durable' ? ack.offset : -1n));
    expect(offsets).toEqual(Array.from({ length: 20 }, (_, n) => BigInt(((n + 1) * (n + 2)) / 2)));
    expect(stream.signal.aborted).toBe(false);
  });

  it('refuses frames above 256 KiB and frames after the end, without failing the call', async () => {
    const { capture } = await serve({
      stream: async (stream) => {
        await stream.send({
          type: 'credit',
          bytes: (await Array.fromAsync(stream.incoming)).length,
        });
      },
    });
    const stream = capture.stream();
    await expect(
      stream.send({ type: 'data', bytes: new Uint8Array(maxFrameBytes + 1) }),
    ).rejects.toThrow('the limit is');
    await stream.send({ type: 'end', reason: 'idle' });
    stream.end();
    await expect(stream.send({ type: 'end', reason: 'idle' })).rejects.toThrow('after the end');
    expect(await Array.fromAsync(stream.incoming)).toEqual([{ type: 'credit', bytes: 1 }]);
  });

  it('ends for the agent when the archiver ends it; what is sent then is refused', async () => {
    const { capture } = await serve({
      stream: async (stream) => {
        await stream.send({ type: 'fence', reason: 'newer epoch' });
      },
    });
    const stream = capture.stream();
    expect(await Array.fromAsync(stream.incoming)).toEqual([
      { type: 'fence', reason: 'newer epoch' },
    ]);
    await expect(stream.send({ type: 'end', reason: 'revoked' })).rejects.toMatchObject({
      code: 'KOPS_INTERRUPTED',
    });
  });
});

describe('a receiver that does not read', () => {
  async function sentBeforeStandstill(windowBytes: number): Promise<number> {
    const archiver = held();
    const { capture } = await serve({ stream: archiver.handler }, { windowBytes });
    const stream = capture.stream();
    let sent = 0;
    const sending = (async () => {
      const bytes = new Uint8Array(maxFrameBytes);
      for (; sent < 200; sent += 1) await stream.send({ type: 'data', bytes });
    })();
    const stopped = sending.catch((error: unknown) => error);
    let before = -1;
    while (before !== sent) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    stream.abort(new KopsError('KOPS_INTERRUPTED', 'test over'));
    expect(await stopped).toMatchObject({ message: 'test over' });
    return sent * maxFrameBytes;
  }

  it('stops the sender within the window and the bounded buffers on both sides', async () => {
    const window = 1024 * 1024;
    // 1 MiB is grpc-js' own buffer in the sender; then come frames under way and the receiver's read-ahead.
    const sent = await sentBeforeStandstill(window);
    expect(sent).toBeGreaterThanOrEqual(window);
    expect(sent).toBeLessThanOrEqual(window + 1024 * 1024 + 6 * maxFrameBytes);
  });

  it('has the window it was given, not that of HTTP/2', async () => {
    expect(await sentBeforeStandstill(8 * 1024 * 1024)).toBeGreaterThan(6 * 1024 * 1024);
  });

  it('does not stop the other streams of its connection', async () => {
    const idle = held();
    let streams = 0;
    const { capture } = await serve({
      stream: async (stream) => {
        streams += 1;
        if (streams === 1) {
          await idle.handler(stream);
          return;
        }
        let bytes = 0;
        for await (const frame of stream.incoming)
          if (frame.type === 'data') bytes += frame.bytes.length;
        await stream.send({ type: 'credit', bytes });
      },
    });
    const blocked = capture.stream();
    const data: Frame = { type: 'data', bytes: new Uint8Array(maxFrameBytes) };
    const stuck = Promise.all(Array.from({ length: 40 }, () => blocked.send(data))).catch(
      (error: unknown) => error,
    );
    await idle.stream;
    const flowing = capture.stream();
    for (let n = 0; n < 40; n += 1) await flowing.send(data);
    flowing.end();
    expect(await first(flowing.incoming)).toEqual({ type: 'credit', bytes: 40 * maxFrameBytes });
    blocked.abort(new KopsError('KOPS_INTERRUPTED', 'test over'));
    expect(await stuck).toMatchObject({ message: 'test over' });
  });
});

describe('a call that is given up', () => {
  it('by the agent aborts the signal of the archiver and fails what it sends and reads', async () => {
    const archiver = held();
    const { capture } = await serve({ stream: archiver.handler });
    const stream = capture.stream();
    const theirs = await archiver.stream;
    const reading = Array.fromAsync(theirs.incoming).catch((error: unknown) => error);
    const reason = new KopsError('KOPS_KAFKA_UNREACHABLE', 'broker gone');
    stream.abort(reason);
    expect(await aborted(theirs.signal)).toMatchObject({ code: 'KOPS_INTERRUPTED' });
    expect(await reading).toMatchObject({ code: 'KOPS_INTERRUPTED' });
    await expect(theirs.send({ type: 'credit', bytes: 1 })).rejects.toMatchObject({
      code: 'KOPS_INTERRUPTED',
    });
    expect(stream.signal.reason).toBe(reason);
    await expect(Array.fromAsync(stream.incoming)).rejects.toBe(reason);
  });

  it('by the archiver aborts the signal of the agent with its error', async () => {
    const archiver = held();
    const { capture } = await serve({ stream: archiver.handler });
    const stream = capture.stream();
    (await archiver.stream).abort(
      new KopsError('KOPS_FENCED', 'epoch 7 owns it', { at: { topic: 'orders', partition: 1 } }),
    );
    expect(await aborted(stream.signal)).toMatchObject({
      code: 'KOPS_FENCED',
      message: 'epoch 7 owns it',
      at: { topic: 'orders', partition: 1 },
    });
    await expect(stream.send({ type: 'end', reason: 'idle' })).rejects.toMatchObject({
      code: 'KOPS_FENCED',
    });
  });

  it('by an operator aborts the signal of the handler', async () => {
    const signals: AbortSignal[] = [];
    const { operator } = await serve({
      operator: {
        listBackups: async (signal) => {
          if (signal === undefined) throw new Error('no signal');
          signals.push(signal);
          await aborted(signal);
          return [];
        },
      },
    });
    const interrupt = new AbortController();
    const answer = operator.listBackups(interrupt.signal).catch((error: unknown) => error);
    expect(await holdsWithin(5_000, () => signals.length === 1)).toBe(true);
    expect(signals[0]?.aborted).toBe(false);
    interrupt.abort(new KopsError('KOPS_INTERRUPTED', 'Ctrl-C'));
    expect(await answer).toMatchObject({ code: 'KOPS_INTERRUPTED', message: 'Ctrl-C' });
    expect(await holdsWithin(5_000, () => signals[0]?.aborted === true)).toBe(true);
  });

  it('by an operator that stops watching ends the events', async () => {
    let isEnded = false;
    const { operator } = await serve({
      operator: {
        watchBackup: async function* (backupId, signal) {
          try {
            yield { type: 'notice', kind: 'topic-added', text: backupId };
            if (signal !== undefined) await aborted(signal);
          } finally {
            isEnded = true;
          }
        },
      },
    });
    expect(await first(operator.watchBackup('b-1'))).toEqual({
      type: 'notice',
      kind: 'topic-added',
      text: 'b-1',
    });
    expect(await holdsWithin(5_000, () => isEnded)).toBe(true);
  });
});

describe('closing', () => {
  it('the archiver fails open calls on both sides, in bounded time', async () => {
    const archiver = held();
    const { server, capture, operator } = await serve(
      { stream: archiver.handler, operator: { watermark: () => new Promise(() => undefined) } },
      { closeTimeoutMs: 1_000 },
    );
    const stream = capture.stream();
    const question = operator
      .watermark({ topic: 't', partition: 0, backupId: 'b', waitForOffset: 9n, timeoutMs: 60_000 })
      .catch((error: unknown) => error);
    const theirs = await archiver.stream;
    const started = performance.now();
    await server[Symbol.asyncDispose]();
    expect(performance.now() - started).toBeLessThan(4_000);
    expect(theirs.signal.reason).toMatchObject({ code: 'KOPS_ARCHIVER_UNREACHABLE' });
    expect(await aborted(stream.signal)).toMatchObject({ code: 'KOPS_ARCHIVER_UNREACHABLE' });
    expect(await question).toMatchObject({ code: 'KOPS_ARCHIVER_UNREACHABLE' });
  });

  it('the client fails its calls; the archiver learns of it, and later calls are refused', async () => {
    const archiver = held();
    const { capture } = await serve({ stream: archiver.handler });
    const stream = capture.stream();
    const theirs = await archiver.stream;
    await capture[Symbol.asyncDispose]();
    expect(stream.signal.reason).toMatchObject({ code: 'KOPS_INTERRUPTED' });
    expect(await aborted(theirs.signal)).toMatchObject({ code: 'KOPS_INTERRUPTED' });
    expect(() => capture.stream()).toThrow('was closed');
  });
});
