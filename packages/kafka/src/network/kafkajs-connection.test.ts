import { afterEach, expect, it, vi } from 'vitest';
import { BufferPool } from './buffer-pool.ts';
import { FrameReceiver } from './frame-receiver.ts';
import { createKafkaJsConnection } from './kafkajs-connection.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const connection = () =>
  createKafkaJsConnection(
    { host: '127.0.0.1', port: 1 },
    {
      clientId: 'test',
      tls: undefined,
      sasl: undefined,
      connectTimeoutMs: 100,
      requestTimeoutMs: 100,
      throttleDeadlineMs: 1_000,
    },
    {
      receiver: new FrameReceiver(new BufferPool(0), () => undefined),
      onFailure: () => undefined,
      onSocket: () => undefined,
    },
  );

it('sets no timer with a negative delay when nothing waits', () => {
  const timer = vi.spyOn(globalThis, 'setTimeout');
  connection().requestQueue.fulfillRequest({ correlationId: 1, size: 0, payload: Buffer.alloc(0) });
  expect(timer).not.toHaveBeenCalled();
});

it('would otherwise, or there were nothing to prevent', () => {
  const { requestQueue } = connection();
  const timer = vi.spyOn(globalThis, 'setTimeout').mockImplementation(() => 0 as never);
  // The library's own method, without ours before it.
  (Object.getPrototypeOf(requestQueue) as typeof requestQueue).scheduleCheckPendingRequests.call(
    requestQueue,
  );
  expect(timer.mock.calls[0]?.[1]).toBeLessThan(0);
});
