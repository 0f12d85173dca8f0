import { createServer, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { connectKafka } from '../index.ts';
import { connectionFailure } from './failures.ts';

it('names each address of a name with two addresses, and its reason', () => {
  const errors = ['::1:9092', '127.0.0.1:9092'].map(
    (address) => new Error(`connect ECONNREFUSED ${address}`),
  );
  const thrown = Object.assign(new AggregateError(errors), { code: 'ECONNREFUSED' });
  const failure = connectionFailure({ host: 'localhost', port: 9092 }, 'no connection', thrown);
  expect(failure.message).toBe(
    'localhost:9092: no connection: connect ECONNREFUSED ::1:9092; connect ECONNREFUSED 127.0.0.1:9092',
  );
  expect(failure.hint).toBe('Check the address and check that the broker is running.');
});

it('says why nothing listens on localhost, whatever addresses it has', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  await expect(connectKafka({ bootstrapServers: [`localhost:${String(port)}`] })).rejects.toThrow(
    /no connection: connect ECONNREFUSED/,
  );
});
