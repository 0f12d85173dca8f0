/** The other end of `stream.ts`; ends when that disconnects or dies. */
import { once } from 'node:events';
import { serveArchiver, type OperatorApi } from '@kops/transport';

const [address = '', secret = ''] = process.argv.slice(2);
await using server = await serveArchiver(
  { address, secret },
  {
    join: () => Promise.resolve(),
    stream: async (stream) => {
      let bytes = 0;
      for await (const frame of stream.incoming) {
        if (frame.type !== 'data') continue;
        bytes += frame.bytes.length;
        await stream.send({ type: 'credit', bytes: frame.bytes.length });
      }
      await stream.send({ type: 'durable', offset: BigInt(bytes) });
    },
    // Nobody calls it here.
    operator: {} as OperatorApi,
  },
);
const disconnected = once(process, 'disconnect');
process.send?.(server.address);
await disconnected;
