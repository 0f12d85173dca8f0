/**
 * Sends bytes over PartitionStreams to another process on a unix socket, which counts them and lets go of them: processes, flow control and
 * frames as in a backup. The bytes come from more memory than the caches of a processor hold, as those of a log do.
 */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectCapture, maxFrameBytes, type Ack, type CaptureClient } from '@kops/transport';

interface Settings {
  readonly bytes: number;
  readonly streams: number;
}

/** Bytes of data that may be under way on one stream: what an archiver allows its agents. */
const creditBytes = 2 * 1024 * 1024;

const slab = randomBytes(64 * 1024 * 1024);

/** What the receiver has allowed to be sent, and what it said at the end. */
class Acks {
  #credit = creditBytes;
  #wake: () => void = () => undefined;
  readonly end: Promise<number>;

  constructor(incoming: AsyncIterable<Ack>) {
    this.end = this.#read(incoming);
    // Awaited when all is sent; who waits for credit until then learns of it there.
    this.end.catch(() => undefined);
  }

  async take(bytes: number): Promise<void> {
    while (this.#credit < bytes) {
      const granted = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([granted, this.end]);
    }
    this.#credit -= bytes;
  }

  async #read(incoming: AsyncIterable<Ack>): Promise<number> {
    for await (const ack of incoming) {
      if (ack.type === 'durable') return Number(ack.offset);
      if (ack.type === 'credit') {
        this.#credit += ack.bytes;
        this.#wake();
      }
    }
    throw new Error('the receiver said nothing');
  }
}

async function sendAll(client: CaptureClient, bytes: number, from: number): Promise<number> {
  const stream = client.stream();
  const acks = new Acks(stream.incoming);
  let at = from;
  for (let left = bytes; left > 0; left -= maxFrameBytes) {
    const frame = slab.subarray(at, at + Math.min(left, maxFrameBytes));
    at = (at + maxFrameBytes) % slab.length;
    await acks.take(frame.length);
    await stream.send({ type: 'data', bytes: frame });
  }
  stream.end();
  return acks.end;
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
    sharesOf(bytes, streams).map((share, part) =>
      sendAll(
        client,
        share,
        Math.floor((slab.length / maxFrameBytes / streams) * part) * maxFrameBytes,
      ),
    ),
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
