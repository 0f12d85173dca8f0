/** Sends bytes over PartitionStreams to another process on a unix socket, which counts them and lets go of them. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectCapture, maxFrameBytes, type CaptureClient } from '@kops/transport';

interface Settings {
  readonly bytes: number;
  readonly streams: number;
}

async function sendAll(client: CaptureClient, bytes: number): Promise<number> {
  const frame = new Uint8Array(maxFrameBytes).fill(7);
  const stream = client.stream();
  for (let left = bytes; left > 0; left -= frame.length) {
    await stream.send({ type: 'data', bytes: frame.subarray(0, Math.min(left, frame.length)) });
  }
  stream.end();
  for await (const ack of stream.incoming) if (ack.type === 'durable') return Number(ack.offset);
  throw new Error('the receiver said nothing');
}

/** Shares of about the same size that add up to the whole. */
function sharesOf(total: number, parts: number): number[] {
  return Array.from(
    { length: parts },
    (_, part) => Math.floor((total * (part + 1)) / parts) - Math.floor((total * part) / parts),
  );
}

const { bytes, streams } = JSON.parse(process.argv[2] ?? '') as Settings;
// Not below the folder of the run: the path of a unix socket has room for 100 characters only.
const folder = await mkdtemp(join(tmpdir(), 'kops-bench-'));
const secret = 'bench';
const receiver = fork(fileURLToPath(new URL('./receiver.ts', import.meta.url)), [
  `unix:${folder}/s`,
  secret,
]);
try {
  const [address] = (await once(receiver, 'message')) as [string];
  await using client = connectCapture({ address, secret });
  const started = performance.now();
  const received = await Promise.all(
    sharesOf(bytes, streams).map((share) => sendAll(client, share)),
  );
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(
    JSON.stringify({ seconds, amount: received.reduce((sum, part) => sum + part, 0) }),
  );
} finally {
  if (receiver.connected) receiver.disconnect();
  await once(receiver, 'exit');
  await rm(folder, { recursive: true, force: true });
}
