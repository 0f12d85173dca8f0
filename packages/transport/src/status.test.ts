import { expect, it } from 'vitest';
import { unreachable } from './status.ts';

it('tells why an archiver cannot be reached, without the words of grpc-js around it', () => {
  const why =
    'No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:7443. Resolution note: ';
  expect(unreachable('127.0.0.1:7443', why).message).toBe(
    'archiver at 127.0.0.1:7443 cannot be reached: connect ECONNREFUSED 127.0.0.1:7443',
  );
});
