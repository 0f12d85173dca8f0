import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What the proxy does with bytes that come from the broker. */
type Mode = 'forward' | 'hold' | 'cut';

/** Stands between a client and a broker, and misbehaves when told to. */
export class TcpProxy implements AsyncDisposable {
  /** Port of the broker behind. */
  target = 0;
  mode: Mode = 'forward';
  /** Connections made so far. */
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server = createServer((client) => {
      this.#relay(client);
    });
  }

  static async listen(): Promise<TcpProxy> {
    const proxy = new TcpProxy();
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #relay(client: Socket): void {
    this.connections += 1;
    const broker = connect(this.target, '127.0.0.1');
    for (const socket of [client, broker]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        broker.destroy();
      });
    }
    client.on('data', (bytes) => broker.write(bytes));
    broker.on('data', (bytes) => {
      if (this.mode === 'forward') client.write(bytes);
      // The broker did what it was asked; its answer never arrives.
      if (this.mode === 'cut') client.destroy();
    });
  }

  /** Cuts every connection there is. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cutAll();
    await closed;
  }
}
