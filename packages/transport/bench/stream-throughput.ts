/**
 * Throughput of one PartitionStream between two processes on this machine: data frames to a receiver that counts.
 *
 *     node --conditions=@kops/source packages/transport/bench/stream-throughput.ts [unix|tcp] [MiB] [frame KiB] [streams]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  connectCapture,
  serveArchiver,
  type OperatorApi,
  type TransportOptions,
} from '../src/index.ts';

const secret = 'bench';
const windowBytes = Number(process.env['WINDOW_BYTES'] ?? 1024 * 1024);
const options: TransportOptions = { windowBytes };

if (process.argv[2] === 'receive') await receive(process.argv[3] ?? '');
else await send(process.argv[2] ?? 'unix', process.argv[3], process.argv[4], process.argv[5]);

async function receive(address: string): Promise<void> {
  const server = await serveArchiver(
    { address, secret },
    {
      join: () => Promise.resolve(),
      stream: async (stream) => {
        let bytes = 0;
        for await (const frame of stream.incoming) {
          if (frame.type === 'data') bytes += frame.bytes.length;
        }
        await stream.send({ type: 'durable', offset: BigInt(bytes) });
      },
      operator: {} as OperatorApi,
    },
    options,
  );
  process.send?.(server.address);
  const before = process.cpuUsage();
  await once(process, 'message');
  process.send?.({ cpu: process.cpuUsage(before), rss: process.resourceUsage().maxRSS });
  process.disconnect();
  await server[Symbol.asyncDispose]();
}

async function send(
  kind: string,
  mebibytes = '2048',
  kibibytes = '256',
  streams = '1',
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kops-bench-'));
  const address = kind === 'unix' ? `unix:${folder}/s` : '127.0.0.1:0';
  const receiver = fork(import.meta.filename, ['receive', address], { execArgv: process.execArgv });
  const [bound] = (await once(receiver, 'message')) as [string];
  const client = connectCapture({ address: bound, secret }, options);
  const frame = new Uint8Array(Number(kibibytes) * 1024).fill(7);
  const frames = Math.floor((Number(mebibytes) * 1024 * 1024) / frame.length / Number(streams));
  const before = process.cpuUsage();
  const started = performance.now();
  const sent = await Promise.all(
    Array.from({ length: Number(streams) }, () => sendAll(frames, frame)),
  );
  const seconds = (performance.now() - started) / 1000;
  const own = process.cpuUsage(before);
  receiver.send('done');
  const [theirs] = (await once(receiver, 'message')) as [{ cpu: NodeJS.CpuUsage; rss: number }];
  const total = sent.reduce((sum, bytes) => sum + bytes, 0);
  const cpu = ({ user, system }: NodeJS.CpuUsage): string =>
    `${(user / 1e6).toFixed(2)} user ${(system / 1e6).toFixed(2)} system`;
  console.log(
    `${kind} ${kibibytes} KiB x ${streams}: ${(total / seconds / 1e6).toFixed(0)} MB/s, ${seconds.toFixed(2)} s;`,
    `sender CPU s ${cpu(own)}, ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB;`,
    `receiver CPU s ${cpu(theirs.cpu)}, ${(theirs.rss / 1024).toFixed(0)} MiB`,
  );
  await client[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });

  async function sendAll(count: number, bytes: Uint8Array): Promise<number> {
    const stream = client.stream();
    for (let n = 0; n < count; n += 1) await stream.send({ type: 'data', bytes });
    stream.end();
    for await (const ack of stream.incoming) if (ack.type === 'durable') return Number(ack.offset);
    throw new Error('the receiver said nothing');
  }
}
