import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Reader } from '../src/wire/reader.ts';
import { Writer } from '../src/wire/writer.ts';

/** A request as a scripted broker sees it. */
export interface SeenRequest {
  readonly apiKey: number;
  readonly version: number;
  readonly at: number;
}

/** Writes the body of an answer; undefined gives none. */
export type Script = (body: Writer, request: SeenRequest) => Writer | undefined;

/** A broker of one node that answers by script: for answers that real brokers give too rarely, or too new brokers never. */
export class FakeBroker implements AsyncDisposable {
  readonly seen: SeenRequest[] = [];
  readonly #scripts = new Map<number, Script>();
  readonly #versions: readonly (readonly [key: number, max: number])[];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #delayMs = 0;

  private constructor(versions: readonly (readonly [key: number, max: number])[]) {
    this.#versions = versions;
    this.#scripts.set(18, (w) =>
      w.int16(0).array(this.#versions, ([key, max]) => w.int16(key).int16(0).int16(max)),
    );
    this.#server = createServer((socket) => {
      this.#serve(socket);
    });
  }

  /** Listens; `versions` are the largest of each api key. */
  static async listen(
    versions: readonly (readonly [key: number, max: number])[],
  ): Promise<FakeBroker> {
    const broker = new FakeBroker(versions);
    await new Promise<void>((resolve) => broker.#server.listen(0, '127.0.0.1', resolve));
    return broker;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How requests with this key are answered from now on. */
  on(apiKey: number, script: Script): void {
    this.#scripts.set(apiKey, script);
  }

  /** The answer that a script is about to give is sent so much later. */
  answerLater(ms: number): void {
    this.#delayMs = ms;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
        const end = 4 + rest.readInt32BE(0);
        this.#answer(socket, new Reader(rest.subarray(4, end)));
        rest = rest.subarray(end);
      }
    });
  }

  #answer(socket: Socket, r: Reader): void {
    const request = { apiKey: r.int16(), version: r.int16(), at: performance.now() };
    const correlationId = r.int32();
    this.seen.push(request);
    const body = this.#scripts.get(request.apiKey)?.(new Writer(), request);
    if (body === undefined) return;
    const length = new Writer().int32(4 + body.length).int32(correlationId);
    const write = (): void => {
      for (const part of [length, body]) for (const chunk of part.chunks()) socket.write(chunk);
    };
    const delayMs = this.#delayMs;
    this.#delayMs = 0;
    if (delayMs === 0) write();
    else setTimeout(write, delayMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
