import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Endpoint } from '@kops/transport';

/** A door before an archiver's unix socket: whoever comes waits until they are let in. */
export class Gate implements AsyncDisposable {
  readonly endpoint: Endpoint;
  /** Resolves when somebody has come. */
  readonly knocked: Promise<void>;
  readonly #close: () => Promise<void>;
  readonly #opened = Promise.withResolvers<void>();

  private constructor(endpoint: Endpoint, knocked: Promise<void>, close: () => Promise<void>) {
    this.endpoint = endpoint;
    this.knocked = knocked;
    this.#close = close;
  }

  static async open(archiver: Endpoint): Promise<Gate> {
    const folder = await mkdtemp(join(tmpdir(), 'kops-gate-'));
    const sockets = new Set<Socket>();
    const knocked = Promise.withResolvers<void>();
    const server = createServer((visitor) => {
      sockets.add(visitor);
      visitor.on('error', () => visitor.destroy());
      knocked.resolve();
      void gate.#opened.promise.then(() => {
        const inside = connect(archiver.address.replace(/^unix:/, ''));
        sockets.add(inside);
        inside.on('error', () => visitor.destroy());
        visitor.on('close', () => inside.destroy());
        inside.on('close', () => visitor.destroy());
        visitor.pipe(inside).pipe(visitor);
      });
    });
    const path = join(folder, 'socket');
    const gate = new Gate({ ...archiver, address: `unix:${path}` }, knocked.promise, async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await rm(folder, { recursive: true, force: true });
    });
    server.listen(path);
    await once(server, 'listening');
    return gate;
  }

  letIn(): void {
    this.#opened.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}
