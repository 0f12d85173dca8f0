import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A schema as the vectors have it. */
export interface FakeSchema {
  readonly id: number;
  readonly subject: string;
  readonly schemaType: string;
  readonly schema: string;
  readonly references: readonly { name: string; subject: string; version: number }[];
}

/** How {@link FakeSchemaRegistry} answers instead of as it should. */
export type Misbehaviour = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * The two endpoints that decoding needs, for unit tests and for what a real registry cannot be made to do: answer late, wrong or
 * by half. The tests on a real one are in `apicurio.int.test.ts`.
 */
export class FakeSchemaRegistry implements AsyncDisposable {
  readonly schemas: FakeSchema[];
  /** Paths that were asked for. */
  readonly asked: string[] = [];
  readonly authorizations: (string | undefined)[] = [];
  misbehave: Misbehaviour | undefined;
  readonly #server = createServer((request, response) => this.#answer(request, response));

  private constructor(schemas: readonly FakeSchema[]) {
    this.schemas = [...schemas];
  }

  static async start(schemas: readonly FakeSchema[]): Promise<FakeSchemaRegistry> {
    const fake = new FakeSchemaRegistry(schemas);
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(request.url ?? '');
    this.asked.push(path);
    this.authorizations.push(request.headers.authorization);
    if (this.misbehave !== undefined) {
      this.misbehave(request, response);
      return;
    }
    const id = /^\/schemas\/ids\/(\d+)$/.exec(path)?.[1];
    const subject = /^\/subjects\/(.+)\/versions\/1$/.exec(path)?.[1];
    const found = this.schemas.find((schema) =>
      id === undefined ? schema.subject === subject : schema.id === Number(id),
    );
    if (found === undefined) {
      sendJson(response, 404, {
        error_code: id === undefined ? 40401 : 40403,
        message: 'not found',
      });
      return;
    }
    const { schema, schemaType, references } = found;
    // As Confluent's registry: nothing is said of Avro, nor of no references.
    sendJson(response, 200, {
      schema,
      ...(schemaType === 'AVRO' ? {} : { schemaType }),
      ...(references.length === 0 ? {} : { references }),
    });
  }
}

/** Sends an answer. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
  response.end(JSON.stringify(body));
}
